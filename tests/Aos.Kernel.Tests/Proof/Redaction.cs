namespace Aos.Kernel.Tests.Proof;

/// <summary>What is secret is hidden, and nothing else.</summary>
public sealed class Redaction
{
    [Theory]
    [Trait("id", "B8-TRACE-10")]
    [InlineData("password")]
    [InlineData("PASSWORD")]
    [InlineData("db_password")]
    [InlineData("dbPassword")]
    [InlineData("x-api-key")]
    [InlineData("X-Api-Key")]
    [InlineData("OPENAI_API_KEY")]
    [InlineData("apiKey")]
    [InlineData("cookie")]
    [InlineData("Set-Cookie")]
    [InlineData("Proxy-Authorization")]
    [InlineData("client.secret")]
    [InlineData("accessToken")]
    [InlineData("SSHKey")]
    [InlineData("card_number")]
    [InlineData("pin")]
    public void A_name_says_that_its_value_is_secret(string name) => Assert.True(Redactor.IsSecret(name));

    [Theory]
    [Trait("id", "B8-TRACE-11")]
    [InlineData("max_tokens")]
    [InlineData("token_count")]
    [InlineData("passwordless")]
    [InlineData("memory_pin")]
    [InlineData("monkey")]
    [InlineData("idempotency_key")]
    [InlineData("secretary")]
    [InlineData("")]
    public void Other_names_do_not(string name) => Assert.False(Redactor.IsSecret(name));

    [Theory]
    [Trait("id", "B8-TRACE-12")]
    [InlineData("mail jo.doe+x@mail.example.com now", "mail [REDACTED_EMAIL] now")]
    [InlineData("Authorization: Bearer abc.def-123", "Authorization: Bearer [REDACTED]")]
    [InlineData("postgres://u:pw@db.example/x", "postgres://[REDACTED]@db.example/x")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[REDACTED]")]
    [InlineData("at 1735689600000 step 3@2", "at 1735689600000 step 3@2")]
    [InlineData("https://example.com/a@b", "https://example.com/a@b")]
    public void Secrets_within_texts_are_hidden_by_their_form(string text, string shown) => Assert.Equal(shown, Redactor.RedactText(text));

    [Fact]
    [Trait("id", "B8-TRACE-12")]
    public void Tokens_of_known_services_are_hidden()
    {
        Assert.Equal("[REDACTED_GITHUB_TOKEN]", Redactor.RedactText("ghp_" + new string('a', 36)));
        Assert.Equal("[REDACTED_SLACK_TOKEN]", Redactor.RedactText("xoxb-" + new string('1', 12)));
        Assert.Equal("[REDACTED]", Redactor.RedactText("sk-" + new string('a', 24)));
        Assert.Equal("[REDACTED_AWS_KEY]", Redactor.RedactText("AKIA" + new string('A', 16)));
        const string kind = "EC PRIVATE" + " KEY"; // Put together here: no text in the tree looks like a key.
        Assert.Equal("[REDACTED_PRIVATE_KEY]", Redactor.RedactText($"-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----"));
        Assert.Equal("KEY_PEM=\"[REDACTED_PRIVATE_KEY]\\n\"", Redactor.RedactText($"KEY_PEM=\"-----BEGIN {kind}-----\\n{new string('A', 600)}\\r\\nBBBB\\n-----END {kind}-----\\n\""));
    }

    [Fact]
    [Trait("id", "B8-TRACE-13")]
    public void There_is_no_depth_and_no_list_where_a_secret_is_safe()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"a":[""", 30)) + """{"token":{"x":1}}""" + string.Concat(Enumerable.Repeat("]}", 30));

        Assert.EndsWith("""{"token":"[REDACTED]"}""" + string.Concat(Enumerable.Repeat("]}", 30)), Redactor.RedactAll(Json.Parse(deep)).GetRawText(), StringComparison.Ordinal);
        Assert.Equal("""["[REDACTED_EMAIL]",[{"pwd":"[REDACTED]"}]]""", Redactor.RedactAll(Json.Parse("""["jo@example.com",[{"pwd":["a"]}]]""")).GetRawText());
    }

    [Fact]
    [Trait("id", "B8-TRACE-14")]
    public void JSON_that_is_a_text_is_looked_into()
    {
        var value = Json.Parse("""{"body":"{\"user\":\"x\",\"clientSecret\":\"s\"}","odd":"{not json","list":"[1,2]"}""");

        var shown = Redactor.RedactAll(value);

        Assert.Equal("""{"user":"x","clientSecret":"[REDACTED]"}""", shown.GetText("body"));
        Assert.Equal(("{not json", "[1,2]"), (shown.GetText("odd"), shown.GetText("list")));
    }

    [Fact]
    [Trait("id", "B8-TRACE-15")]
    public void Views_of_what_is_stored_hide_by_name_alone_and_what_needs_nothing_stays_itself()
    {
        var value = Json.Parse("""{"to":"jo@example.com","n":1.50}""");

        Assert.Equal(value.GetRawText(), Redactor.Redact(value).GetRawText());
        Assert.Equal("""{"n":1.50}""", Redactor.RedactAll(Json.Parse("""{"n":1.50}""")).GetRawText());
    }
}
