namespace Aos.Safety.Tests;

/// <summary>What is hidden in single texts.</summary>
public sealed class Redactions
{
    [Theory, Trait("id", "F5.68-03")]
    [InlineData("card 4111 1111 1111 1111 ok", "card [REDACTED_CARD] ok")]
    [InlineData("card 4111 1111 1111 1112 ok", "card 4111 1111 1111 1112 ok")]
    [InlineData("to DE89 3704 0044 0532 0130 00 BANK", "to [REDACTED_IBAN] BANK")]
    [InlineData("to DE89 3704 0044 0532 0130 01 BANK", "to DE89 3704 0044 0532 0130 01 BANK")]
    [InlineData("ssn 123-45-6789", "ssn [REDACTED_SSN]")]
    [InlineData("call +49 30 901820", "call [REDACTED_PHONE]")]
    [InlineData("api_key=abcd1234efgh&x=1", "api_key=[REDACTED]&x=1")]
    [InlineData("Server=s;Password=Str0ng!Pass;Encrypt=true", "Server=s;Password=[REDACTED];Encrypt=true")]
    [InlineData("password=ab:cd=ef-1 next", "password=[REDACTED] next")]
    [InlineData("{\"passwd\":\"letmein99\"}", "{\"passwd\":\"[REDACTED]\"}")]
    [InlineData("url=https://h.example/x?access_token=abc123def", "url=https://h.example/x?access_token=[REDACTED]")]
    [InlineData("key=9f86d081884c7d659a2feaa0c55ad015 key=table", "key=[REDACTED] key=table")]
    [InlineData("api_key Bearer abcdefgh", "api_key Bearer [REDACTED]")]
    [InlineData("It said: password=hunter22 is wrong", "It said: password=[REDACTED] is wrong")]
    [InlineData("Basic dXNlcjpodW50ZXIyMjI=", "Basic [REDACTED]")]
    [InlineData("Basic knowledge of German", "Basic knowledge of German")]
    public void A_secret_is_hidden_and_what_only_looks_like_one_is_not(string text, string shown) => Assert.Equal(shown, Redactor.RedactText(text));

    [Theory, Trait("id", "F5.68-11")]
    [InlineData("""{"jo@example.com":1,"ann@example.com":{"a":2},"[REDACTED_EMAIL]":3}""", """{"[REDACTED_EMAIL] 2":1,"[REDACTED_EMAIL] 3":{"a":2},"[REDACTED_EMAIL]":3}""")]
    [InlineData("""[{"name":"X-Api-Key","value":"v"},{"key":"db_password","value":{"a":1}},{"name":"Accept","value":"text/html"}]""", """[{"name":"X-Api-Key","value":"[REDACTED]"},{"key":"db_password","value":"[REDACTED]"},{"name":"Accept","value":"text/html"}]""")]
    [InlineData("""{"env":"REJfUEFTU1dPUkQ9aHVudGVyMjI7 next","page":"VGhlIHdvcmRzIG9mIGEgcGFnZSwgbm90aGluZyBlbHNl"}""", """{"env":"[REDACTED] next","page":"VGhlIHdvcmRzIG9mIGEgcGFnZSwgbm90aGluZyBlbHNl"}""")]
    [InlineData("""{"url":"https://jo:hunter22@h.example/x?token=abcd1234efgh"}""", """{"url":"https://[REDACTED]@h.example/x?token=[REDACTED]"}""")]
    public void Neither_names_nor_lists_of_names_nor_encodings_keep_a_secret(string value, string shown) => Assert.Equal(shown, Redactor.RedactAll(Json.Parse(value)).GetRawText());

    [Fact, Trait("id", "F5.68-11")]
    public void The_name_a_secret_was_hidden_in_is_taken_by_no_other_member()
    {
        var keys = Enumerable.Range(0, 3).Select(i => $"sk-{new string((char)('a' + i), 24)}").ToArray();

        Assert.Equal(
            """{"[REDACTED]":0,"[REDACTED] 2":1,"[REDACTED] 2 2":2}""",
            Redactor.RedactAll(Json.Parse($$"""{"{{keys[0]}}":0,"{{keys[1]}}":1,"{{keys[2]}} 2":2}""")).GetRawText());
    }

    [Fact, Trait("id", "F5.68-04")]
    public void A_level_says_what_is_hidden()
    {
        const string text = "jo@example.com has password=hunter22";

        Assert.Equal(text, Redactor.RedactText(text, Redaction.None));
        Assert.Equal("jo@example.com has password=[REDACTED]", Redactor.RedactText(text, Redaction.Secrets));
        Assert.Equal("[REDACTED_EMAIL] has password=[REDACTED]", Redactor.RedactText(text));
    }

    [Fact, Trait("id", "F5.68-06")]
    public void What_was_hidden_once_stays_as_it_is()
    {
        foreach (var one in Labelled.Secrets(Labelled.Development))
        {
            var shown = Redactor.RedactText(one.Text);

            Assert.Equal(shown, Redactor.RedactText(shown));
        }
    }
}
