using System.Text;
using Aos.Testing;

namespace Aos.Workflow.Tests.Hardening;

/// <summary>One form of a value, for hashes and comparisons; and the form that the older engine's recordings were hashed in.</summary>
public sealed class CanonicalForms
{
    private const string Sample = """{"timestamp":"t","duration_ms":5,"trace_id":"x","result":{"b":[1,{"created_at":"y","keep":true}],"a":"é"},"keep":1}""";

    [Fact]
    [Trait("id", "B8.3-13")]
    public void The_older_form_leaves_out_what_changes_from_run_to_run_and_nothing_else() =>
        Assert.Equal("""{"keep":1,"result":{"a":"é","b":[1,{"keep":true}]}}""", CanonicalJson.Text(Kernel.Golden.Canonical(Json.Parse(Sample))));

    [Fact]
    [Trait("id", "B8.3-14")]
    [Trait("id", "B8.3-21")]
    public void Secrets_are_hidden_by_their_names_at_any_depth_and_others_are_not()
    {
        var shown = Redactor.Redact(Json.Parse("""{"password":"hunter2","api_key":"abcd","user":"ann","deep":{"list":[{"password":"hunter2","n":1}]}}"""));

        Assert.DoesNotContain("hunter2", shown.GetRawText(), StringComparison.Ordinal);
        Assert.DoesNotContain("abcd", shown.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(("ann", 1), (shown.GetText("user"), shown.Get("deep")!.Value.Get("list")!.Value[0].Get("n")!.Value.GetInt32()));
    }

    [Theory]
    [Trait("id", "B8.3-15")]
    [Trait("id", "W-10")]
    [InlineData("1.0", "1")]
    [InlineData("1e2", "100")]
    [InlineData("-0.0", "0")]
    [InlineData("3.14159265", "3.14159265")]
    [InlineData("0.0000001", "0.0000001")]
    [InlineData("15554826178763638935", "15554826178763638935")]
    public void A_number_has_one_form_and_loses_nothing(string written, string canonical) => Assert.Equal(canonical, CanonicalJson.Text(Json.Parse(written)));

    [Fact]
    [Trait("id", "B8.3-15")]
    public void The_older_form_rounds_fractions() => Assert.Equal("""{"pi":3.141593,"tiny":0}""", CanonicalJson.Text(Kernel.Golden.Canonical(Json.Parse("""{"pi":3.14159265,"tiny":0.00000001}"""))));

    [Fact]
    [Trait("id", "B8.3-16")]
    [Trait("id", "B8.3-17")]
    [Trait("id", "W-10")]
    public void Order_of_names_and_layout_change_neither_form_nor_hash()
    {
        var (one, other) = (Json.Parse("""{"b":2,"a":{"d":1.50,"c":"é"}}"""), Json.Parse("""{ "a": { "c":"\u00e9", "d":1.5 }, "b":2.0 }"""));

        Assert.Equal("""{"a":{"c":"é","d":1.5},"b":2}""", CanonicalJson.Text(one));
        Assert.Equal(CanonicalJson.Bytes(one), CanonicalJson.Bytes(other));
        Assert.Equal((ContentHash.Hex(one), ContentHash.Short(one)), (ContentHash.Hex(other), ContentHash.Short(other)));
        Assert.StartsWith(ContentHash.Short(one), ContentHash.Hex(one), StringComparison.Ordinal);
    }

    /// <summary>Whatever hashes a value hashes the one form: a step's recorded hash, the plan's, and what a replay compares are the same function.</summary>
    [Fact]
    [Trait("id", "W-10")]
    public async Task Recordings_plans_and_journals_hash_one_form()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent);
        var run = await world.StartAsync("""{"steps":[{"params":{"z":1.0,"a":"é"},"skill":"charge","id":"s"}],"name":"p"}""");
        await world.SettleAsync();
        var state = await world.ReadAsync(run);
        var step = Recording.Of(state).Events[1].Data;

        Assert.Equal(ContentHash.Hex(Json.Parse("""{"a":"é","z":1}""")), step.GetText("output_hash"));
        Assert.Equal(step.GetText("inputs_hash"), step.GetText("output_hash"));
        Assert.Equal(ContentHash.Hex(state.Plan.Source), state.Plan.Hash);
        Assert.Equal(ContentHash.Hex(CanonicalJson.Bytes(state.Plan.Source)), state.Plan.Hash);
    }

    [Fact]
    [Trait("id", "W-10")]
    public void A_number_that_would_lose_digits_is_an_error_with_its_place() =>
        Assert.Contains("$.a: 1e400", Assert.Throws<CanonicalJsonException>(() => CanonicalJson.Text(Json.Parse("""{"a":1e400}"""))).Message, StringComparison.Ordinal);

    [Fact]
    [Trait("id", "B8.3-18")]
    public void A_difference_is_found_with_its_path()
    {
        var found = Assert.Single(JsonDifference.Of(Json.Parse("""{"a":{"b":[1,2]},"c":3}"""), Json.Parse("""{"c":3.0,"a":{"b":[1,4]}}""")));

        Assert.Equal(("a.b[1]", 2, 4), (found.Path, found.Left!.Value.GetInt32(), found.Right!.Value.GetInt32()));
    }

    [Fact]
    [Trait("id", "B8.3-19")]
    [Trait("id", "B8.3-20")]
    public async Task Recordings_are_compared_and_hashed_without_the_times_of_their_lines()
    {
        await using var world = await World.OpenAsync();
        world.Skills.Add("charge", EffectClass.Idempotent);
        var run = await world.StartAsync("""{"name":"p","steps":[{"id":"a","skill":"charge"},{"id":"b","skill":"charge"}]}""");
        await world.SettleAsync();
        var recording = Recording.Of(await world.ReadAsync(run));

        var later = new Recording([.. recording.Events.Select((e, i) => e with { At = $"2001-01-01T00:00:0{i}.000000Z" })]);

        Assert.True(RecordingDiff.Of(recording, later).Match);
        Assert.Equal(recording.Hash(), later.Hash());
        Assert.NotEqual(recording.ToBytes(), later.ToBytes());
    }

    [Fact]
    [Trait("id", "B8.3-40")]
    public void The_canonical_hash_is_the_same_a_hundred_times() =>
        Assert.Single(Enumerable.Range(0, 100).Select(_ => ContentHash.Hex(Json.Parse(Encoding.UTF8.GetBytes(Sample)))).Distinct());

    [Fact]
    [Trait("id", "B8.3-41")]
    public void The_older_form_is_the_same_fifty_times_and_of_itself()
    {
        var once = Kernel.Golden.Canonical(Json.Parse(Sample));

        Assert.Single(Enumerable.Range(0, 50).Select(_ => Kernel.Golden.Canonical(Json.Parse(Sample)).GetRawText()).Distinct());
        Assert.Equal(once.GetRawText(), Kernel.Golden.Canonical(once).GetRawText());
    }
}
