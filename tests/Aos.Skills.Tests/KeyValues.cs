using System.Text.Json;
using Aos.Contracts;

namespace Aos.Skills.Tests;

/// <summary><c>kv_get</c>, <c>kv_set</c> and <c>kv_delete</c> over a real store.</summary>
public sealed class KeyValues : IDisposable
{
    private readonly ManualClock clock = new();
    private readonly SkillRoom room;

    public KeyValues() => room = new SkillRoom([], null, clock);

    public void Dispose() => room.Dispose();

    [Theory]
    [InlineData("1.50", "1.5")]
    [InlineData("null", "null")]
    [InlineData("\"é\"", "\"é\"")]
    [InlineData("""{"b":[1],"a":{}}""", """{"a":{},"b":[1]}""")]
    public async Task Any_json_value_is_kept_and_read_back(string value, string read)
    {
        var set = await SetAsync("w1", $$"""{"key":"k","value":{{value}}}""");
        var got = await GetAsync("""{"key":"k"}""");

        Assert.True(set.Result.GetProperty("written").GetBoolean());
        Assert.False(set.Result.GetProperty("existed").GetBoolean());
        Assert.Equal(read, got.Result.GetProperty("value").GetRawText().Replace("\\u00E9", "é", StringComparison.Ordinal));
        Assert.True(got.Result.GetProperty("found").GetBoolean());
        Assert.Equal(1, got.Result.GetProperty("version").GetInt64());
        Assert.Equal("default/k", Assert.Single(set.SideEffects).Target);
    }

    [Fact]
    public async Task A_change_counts_the_version_and_tells_the_one_before()
    {
        await KeepAsync("w1", """{"key":"k","value":1}""");
        var second = await SetAsync("w2", """{"key":"k","value":2}""");

        Assert.True(second.Result.GetProperty("existed").GetBoolean());
        Assert.Equal(2, second.Result.GetProperty("version").GetInt64());
        Assert.Equal(1, second.Result.GetProperty("previous_version").GetInt64());
    }

    [Fact]
    public async Task A_repeat_of_a_write_changes_nothing_and_answers_the_same()
    {
        var first = await SetAsync("w1", """{"key":"k","value":1,"if_absent":true}""");
        await KeepAsync("w2", """{"key":"k","value":2}""");
        var again = await SetAsync("w1", """{"key":"k","value":1,"if_absent":true}""");

        Assert.Equal(first.Result.GetRawText(), again.Result.GetRawText());
        Assert.Equal(2, (await GetAsync("""{"key":"k"}""")).Result.GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task One_key_of_two_writes_is_a_conflict()
    {
        await KeepAsync("w1", """{"key":"k","value":1}""");

        Assert.Equal("IDEMPOTENCY_CONFLICT", (await SetAsync("w1", """{"key":"k","value":2}""")).Failure?.Code);
        Assert.Equal("IDEMPOTENCY_CONFLICT", (await DeleteAsync("w1", """{"key":"k"}""")).Failure?.Code);
    }

    [Fact]
    public async Task If_absent_leaves_what_is_there()
    {
        await KeepAsync("w1", """{"key":"k","value":1}""");
        var second = await SetAsync("w2", """{"key":"k","value":2,"if_absent":true}""");

        Assert.False(second.Result.GetProperty("written").GetBoolean());
        Assert.True(second.Result.GetProperty("existed").GetBoolean());
        Assert.Empty(second.SideEffects);
        Assert.Equal(1, (await GetAsync("""{"key":"k"}""")).Result.GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task What_has_expired_is_gone_before_it_is_swept()
    {
        await KeepAsync("w1", """{"key":"k","value":1,"ttl_seconds":60}""");
        clock.Advance(TimeSpan.FromSeconds(59));
        Assert.True((await GetAsync("""{"key":"k"}""")).Ok);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("DATA_NOT_FOUND", (await GetAsync("""{"key":"k"}""")).Failure?.Code);
        var absent = await SetAsync("w2", """{"key":"k","value":2,"if_absent":true}""");
        Assert.True(absent.Result.GetProperty("written").GetBoolean());
        Assert.False(absent.Result.GetProperty("existed").GetBoolean());
    }

    [Fact]
    public async Task The_sweep_removes_what_has_expired_and_forgets_old_writes()
    {
        await KeepAsync("w1", """{"key":"a","value":1,"ttl_seconds":60}""");
        await KeepAsync("w2", """{"key":"b","value":1}""");
        var sweep = room.Get<KvSweep>();
        Assert.Equal(0, await sweep.PassAsync(TestContext.Current.CancellationToken));
        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(1, await sweep.PassAsync(TestContext.Current.CancellationToken));
        clock.Advance(TimeSpan.FromDays(7));
        Assert.Equal(2, await sweep.PassAsync(TestContext.Current.CancellationToken));

        Assert.True((await GetAsync("""{"key":"b"}""")).Ok);
        Assert.True((await SetAsync("w1", """{"key":"other","value":5}""")).Ok);
    }

    [Fact]
    public async Task A_default_stands_in_for_a_key_that_is_not_there()
    {
        var got = await GetAsync("""{"key":"none","default":null}""");

        Assert.Equal(JsonValueKind.Null, got.Result.GetProperty("value").ValueKind);
        Assert.False(got.Result.GetProperty("found").GetBoolean());
    }

    [Fact]
    public async Task Deleting_tells_whether_there_was_something_and_a_repeat_answers_the_same()
    {
        await KeepAsync("w1", """{"key":"k","value":1}""");
        var first = await DeleteAsync("w2", """{"key":"k"}""");
        var again = await DeleteAsync("w2", """{"key":"k"}""");
        var nothing = await DeleteAsync("w3", """{"key":"k"}""");

        Assert.True(first.Result.GetProperty("deleted").GetBoolean());
        Assert.Equal(1, first.Result.GetProperty("previous_version").GetInt64());
        Assert.Equal(first.Result.GetRawText(), again.Result.GetRawText());
        Assert.False(nothing.Result.GetProperty("deleted").GetBoolean());
        Assert.Equal("DATA_NOT_FOUND", (await GetAsync("""{"key":"k"}""")).Failure?.Code);
    }

    [Fact]
    public async Task Tenants_and_namespaces_do_not_see_one_another()
    {
        await KeepAsync("w1", """{"key":"k","value":"mine"}""");
        await KeepAsync("w2", """{"key":"k","value":"apart","namespace":"n.1"}""");

        Assert.Equal("DATA_NOT_FOUND", (await room.CallAsync("kv_get", """{"key":"k"}""", SkillRoom.Call(tenant: "other"))).Failure?.Code);
        Assert.Equal("mine", (await room.ValueAsync("kv_get", """{"key":"k"}""", "value")).GetString());
        Assert.Equal("apart", (await room.ValueAsync("kv_get", """{"key":"k","namespace":"n.1"}""", "value")).GetString());
        Assert.True((await room.CallAsync("kv_set", """{"key":"k","value":1}""", SkillRoom.Call("w1", tenant: "other"))).Ok);
    }

    [Fact]
    public async Task A_tenant_has_only_so_many_keys()
    {
        await KeepAsync("w1", """{"key":"a","value":1}""");
        await room.Get<IDatabase>().ForHouse.WriteAsync(
            (connection, transaction) =>
            {
                using var command = connection.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = $"UPDATE kv_usage SET keys = {KvStore.KeysMax} WHERE tenant_id = 'default'";
                return command.ExecuteNonQuery();
            }, TestContext.Current.CancellationToken);

        Assert.Equal("QUOTA_EXHAUSTED", (await SetAsync("w2", """{"key":"b","value":1}""")).Failure?.Code);
        Assert.True((await SetAsync("w3", """{"key":"a","value":2}""")).Ok);
        Assert.True((await DeleteAsync("w4", """{"key":"a"}""")).Ok);
        Assert.True((await SetAsync("w5", """{"key":"b","value":1}""")).Ok);
    }

    [Theory]
    [InlineData("""{"value":1}""", "INVALID_INPUT")]
    [InlineData("""{"key":"k"}""", "INVALID_INPUT")]
    [InlineData("""{"key":"","value":1}""", "INVALID_INPUT")]
    [InlineData("""{"key":"k","value":1,"ttl_seconds":0}""", "INVALID_INPUT")]
    [InlineData("""{"key":"k","value":1,"namespace":"a/b"}""", "INVALID_INPUT")]
    [InlineData("""{"key":"k","value":1e400}""", "INVALID_INPUT")]
    public async Task What_makes_no_sense_is_refused(string parameters, string code) => Assert.Equal(code, (await SetAsync("w1", parameters)).Failure?.Code);

    [Fact]
    public async Task Keys_and_values_are_limited()
    {
        Assert.Equal("INPUT_TOO_LARGE", (await SetAsync("w1", $$"""{"key":"k","value":"{{new string('x', KvStore.ValueBytesMax)}}"}""")).Failure?.Code);
        Assert.True((await SetAsync("w2", $$"""{"key":"k","value":"{{new string('x', KvStore.ValueBytesMax - 2)}}"}""")).Ok);
        Assert.Equal("INPUT_TOO_LARGE", (await SetAsync("w3", $$"""{"key":"{{new string('é', 300)}}","value":1}""")).Failure?.Code);
    }

    /// <summary>A write that must succeed.</summary>
    private async Task KeepAsync(string key, string parameters)
    {
        var outcome = await SetAsync(key, parameters);
        Assert.True(outcome.Ok, outcome.Failure?.Message);
    }

    private Task<StructuredOutcome> GetAsync(string parameters) => room.CallAsync("kv_get", parameters);

    private Task<StructuredOutcome> SetAsync(string key, string parameters) => room.CallAsync("kv_set", parameters, SkillRoom.Call(key));

    private Task<StructuredOutcome> DeleteAsync(string key, string parameters) => room.CallAsync("kv_delete", parameters, SkillRoom.Call(key));
}
