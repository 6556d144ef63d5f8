using System.Buffers;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Npgsql;

namespace Aos.Skills.Tests;

/// <summary>What servers say to <c>postgres_query</c>, also those that nobody means well with.</summary>
[Trait("store", "none")]
public sealed class ServerTexts
{
    [Theory]
    [Trait("id", "F5.74-17")]
    [InlineData("{1,NULL,-2}", "[1,null,-2]")]
    [InlineData("[0:1]={1,2}", "[1,2]")]
    [InlineData("{{1},{\"2\"}}", "[[1],[2]]")]
    [InlineData("{{{{{{1}}}}}}", "[[[[[[1]]]]]]")]
    [InlineData("{\"a\\\"}\"}", "[\"a\\\"}\"]")]
    [InlineData("{{{{{{{1}}}}}}}", null)]
    [InlineData("{a\",{{{{{{{\"}", null)]
    [InlineData("{a{{{{{{{}", null)]
    [InlineData("{1", null)]
    [InlineData("{\"1", null)]
    [InlineData("{\"1\\", null)]
    [InlineData("{1}}", null)]
    [InlineData("}{", null)]
    [InlineData("1", null)]
    [InlineData("", null)]
    public void A_text_that_is_no_array_stays_a_text(string text, string? json) =>
        Assert.Equal(CanonicalJson.Text(json is null ? Json.Of(text) : Json.Parse(json)), CanonicalJson.Text(Written(text)));

    [Fact]
    [Trait("id", "F5.74-17")]
    public void Lists_without_end_are_no_lists()
    {
        var text = new string('{', 1_000_000);

        Assert.Equal(text, Written(text).GetString());
        Assert.Equal(text + new string('}', 1_000_000), Written(text + new string('}', 1_000_000)).GetString());
    }

    [Theory]
    [Trait("id", "F5.74-18")]
    [InlineData("25006", "PERMISSION_DENIED", "read_only")]
    [InlineData("42501", "PERMISSION_DENIED", "privilege")]
    [InlineData("0P000", "PERMISSION_DENIED", "privilege")]
    [InlineData("28000", "PERMISSION_DENIED", "credentials")]
    [InlineData("25001", "PERMISSION_DENIED", "transaction")]
    [InlineData("2D000", "PERMISSION_DENIED", "transaction")]
    [InlineData("57014", "TIMEOUT", "statement")]
    [InlineData("55P03", "TIMEOUT", "lock")]
    [InlineData("08006", "CONNECTION_RESET", "connection")]
    [InlineData("53300", "SERVICE_UNAVAILABLE", "resources")]
    [InlineData("53400", "INVALID_INPUT", "statement")]
    [InlineData("57P01", "SERVICE_UNAVAILABLE", "server")]
    [InlineData("40001", "SERVICE_UNAVAILABLE", "conflict")]
    [InlineData("72000", "SERVICE_UNAVAILABLE", "conflict")]
    [InlineData("42601", "INVALID_INPUT", "statement")]
    [InlineData("23514", "INVALID_INPUT", "statement")]
    [InlineData("54001", "INVALID_INPUT", "statement")]
    [InlineData("P0001", "INVALID_INPUT", "raised")]
    [InlineData("38000", "INVALID_INPUT", "raised")]
    [InlineData("55000", "INVALID_STATE", "state")]
    [InlineData("HV00N", "SERVICE_UNAVAILABLE", "foreign")]
    [InlineData("HV000", "EXECUTION_ERROR", "foreign")]
    [InlineData("XX000", "EXECUTION_ERROR", "server")]
    [InlineData("58030", "EXECUTION_ERROR", "server")]
    [InlineData("", "EXECUTION_ERROR", "server")]
    public void Each_class_of_states_has_its_code_and_reason(string state, string code, string reason)
    {
        var (sql, _) = SqlText.Read("SELECT 1", new HashSet<string>());

        var failure = PostgresFailures.Of(new PostgresException("it says so", "ERROR", "ERROR", state), sql!, 0);

        Assert.Equal((code, reason, state), (failure.Code, failure.Details?.GetText("reason"), failure.Details?.GetText("sqlstate")));
        Assert.Contains("it says so", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("id", "F5.74-07")]
    public void A_password_is_hidden_in_whatever_the_server_says_and_an_empty_one_breaks_nothing()
    {
        var settings = Json.Parse("""{"url":"secret:URL"}""");
        var now = TimeProvider.System.GetUtcNow();
        var connection = new OpenConnection(
            new Connection(ConnectionRoom.Admin.Tenant, "db", 1, "postgres", settings, Allowance.Everyone) { CreatedAt = now, CreatedBy = "t", UpdatedAt = now, UpdatedBy = "t" }, settings);
        var said = FailureCatalog.Fail("PERMISSION_DENIED", "db.example.com says hunter2 to \"robot\" of \"stock\"");

        var hidden = PostgresFailures.Hidden(said, connection, new PostgresPlace("db.example.com", 5432, "stock", "robot", "hunter2", "require"));
        var empty = PostgresFailures.Hidden(said, connection, new PostgresPlace("db.example.com", 5432, "stock", "robot", "", "require"));

        Assert.All(["db.example.com", "hunter2", "robot", "stock"], word => Assert.DoesNotContain(word, hidden.Message, StringComparison.Ordinal));
        Assert.StartsWith("connection:db says hunter2", empty.Message, StringComparison.Ordinal);
    }

    private static JsonElement Written(string text)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes)) Cells.Write(writer, new QueryColumn("a", "numeric[]", CellKind.Number, IsArray: true), Encoding.UTF8.GetBytes(text));
        return Json.Parse(bytes.WrittenSpan.ToArray());
    }
}
