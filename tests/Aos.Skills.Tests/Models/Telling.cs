using Aos.Contracts;
using Aos.Testing;

namespace Aos.Skills.Tests.Models;

/// <summary>What is told of an answer while it is written: all of it, in pieces, and no secret.</summary>
[Trait("store", "none")]
public sealed class Telling
{
    private const string PrivateKey = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow\nIBAAK+/9=\n-----END RSA " + "PRIVATE KEY-----";

    [Theory]
    [InlineData("The key is sk" + "-abcdefghijklmnopqrstuvwxyz, keep it.", "sk-abcdef")]
    [InlineData("Use Bearer abcdef1234567890 here.", "abcdef1234")]
    [InlineData("Ask jane.doe@example.com, she knows.", "jane.doe")]
    [InlineData("At https://jane:hunter2!x@host.example/a it is.", "hunter2")]
    [InlineData("(AKIA" + "IOSFODNN7EXAMPLE)", "AKIA")]
    [InlineData("a ghp" + "_abcdefghijklmnopqrstuvwxyz0123456789 b", "ghp_")]
    [InlineData("a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_ b", "eyJ")]
    [InlineData($"So: {PrivateKey} and on.", "MIIE")]
    [InlineData($"{PrivateKey}", "IBAAK")]
    [InlineData("It is !own key#1 of ours.", "own key#1")]
    [InlineData("So the password: hunter22 is it.", "hunter22")]
    [InlineData("Say password = 'two words' to it.", "words")]
    [InlineData("""So: {"n":1,"client_secret": "not told, never", "m":2}""", "never")]
    [InlineData("Server=s;Password=Str0ng!Pass;Encrypt=true", "ng!Pass")]
    [InlineData("Authorization: Bearer abcdefghij and on", "abcdefghij")]
    [InlineData("run --token abcd!1234 now", "!1234")]
    [InlineData("key: 9f86d081884c7d659a2feaa0c55ad015 it is", "9f86")]
    [InlineData("card 4111 1111 1111 1111 ok", "1111 1111")]
    [InlineData("to DE89 3704 0044 0532 0130 00 Bank", "3704 0044")]
    [InlineData("call +49 30 901820 now, or (415) 555-2671 later", "901820")]
    [InlineData("Ask jürgen.doe@example.com, he knows.", "rgen.doe")]
    [Trait("id", "F5.47-01")]
    public void A_secret_is_told_by_no_piece_however_the_text_is_cut(string text, string secret)
    {
        for (var size = 1; size <= text.Length; size++)
        {
            var told = Told(text.Chunk(size).Select(piece => new string(piece)), "!own key#1");

            Assert.Equal(Redactor.RedactText(text.Replace("!own key#1", Redactor.Marker, StringComparison.Ordinal)), string.Concat(told));
            Assert.DoesNotContain(told, piece => piece.Contains(secret, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("One word after the other.\nAnd a line.")]
    [InlineData("世界没有空格但是也要一点一点地说出来")]
    [InlineData("""{"a":[1,2,3],"b":"c","d":{"e":null}}""")]
    [InlineData("😀😀😀 and 😀")]
    [InlineData("-----BEGIN CERTIFICATE----- is none of the house's")]
    [Trait("id", "F5.47-02")]
    public void Text_without_secrets_is_told_as_it_comes_and_whole(string text)
    {
        var told = Told(text.Select(letter => letter.ToString()), null);

        Assert.Equal(text, string.Concat(told));
        Assert.InRange(told.Count, 3, text.Length);
        Assert.Equal(Enumerable.Range(0, told.Count), Numbers);
    }

    [Fact]
    [Trait("id", "F5.47-03")]
    public void Of_what_could_be_one_secret_without_end_nothing_is_told()
    {
        var told = Told(Enumerable.Repeat("abcdefgh", 10_000).Append(" and now words."), null);

        Assert.Empty(told);
    }

    [Fact]
    [Trait("id", "F5.47-03")]
    public void A_long_piece_is_told_in_parts()
    {
        var told = Told([new string('é', 10_000)], null);

        Assert.Equal([4_096, 4_096, 1_808], told.Select(piece => piece.Length));
    }

    [Fact]
    [Trait("id", "F5.47-04")]
    public async Task The_text_of_both_protocols_is_told_with_its_step_and_provider_and_no_call_of_a_tool()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, context.Request.Path == "/v1/messages"
            ? AnthropicEvents.Of(new ModelTurn("I look it up.", new ModelToolCall("weather", """{"city":"Bern"}"""))) : OpenAiChunks.Text("It will rain.")));
        var heard = new Heard();
        await using var room = ModelRoom.Of(peer, "sk-test-1", heard);
        foreach (var provider in new[] { "anthropic", "openai" })
            await room.AskInRunAsync($$"""{"prompt":"Rain?","provider":"{{provider}}","tools":[{"name":"weather","input_schema":{"type":"object"} }]}""");

        Assert.Equal("I look it up.", string.Concat(heard.All.Where(delta => delta.Provider == "anthropic").Select(delta => delta.Text)));
        Assert.Equal("It will rain.", string.Concat(heard.All.Where(delta => delta.Provider == "openai").Select(delta => delta.Text)));
        Assert.All(heard.All, delta => Assert.Equal("ask", delta.StepId));
    }

    [Fact]
    [Trait("id", "F5.47-05")]
    public async Task An_answer_that_breaks_is_begun_anew_by_the_next_provider()
    {
        var begun = AnthropicEvents.Text("Half of an answer with more");
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, context.Request.Path == "/v1/messages"
            ? begun[..begun.IndexOf("event: message_delta", StringComparison.Ordinal)] : OpenAiChunks.Text("A whole one.")));
        var heard = new Heard();
        await using var room = ModelRoom.Of(peer, "sk-test-1", heard);
        await room.AskInRunAsync("""{"prompt":"Hi","fallback":[{"provider":"openai"}]}""");

        Assert.Equal(["anthropic", "openai"], heard.All.Where(delta => delta.Number == 0).Select(delta => delta.Provider));
        Assert.Equal("Half of an answer with ", string.Concat(heard.All.Where(delta => delta.Provider == "anthropic").Select(delta => delta.Text)));
    }

    [Fact]
    [Trait("id", "F5.47-05")]
    public async Task A_call_of_no_run_is_told_to_nobody()
    {
        await using var peer = await ModelServer.OpenAsync((context, _) => ModelServer.StreamAsync(context, AnthropicEvents.Text("Some words here.")));
        var heard = new Heard();
        await using var room = ModelRoom.Of(peer, "sk-test-1", heard);

        Assert.True((await room.AskAsync("""{"prompt":"Hi"}""")).Ok);
        Assert.Empty(heard.All);
    }

    private List<int> Numbers { get; } = [];

    private List<string> Told(IEnumerable<string> pieces, string? key)
    {
        var heard = new Heard();
        var teller = new Teller(heard, TenantId.Default, default, "ask", null, "own", key);
        foreach (var piece in pieces) teller.Write(piece);
        teller.End();
        Numbers.AddRange(heard.All.Select(delta => delta.Number));
        return [.. heard.All.Select(delta => delta.Text)];
    }
}

/// <summary>Hears all that is told.</summary>
internal sealed class Heard : IDeltas
{
    internal List<TextDelta> All { get; } = [];

    public bool IsWatched(RunId run) => true;

    public void Tell(TextDelta delta)
    {
        lock (All) All.Add(delta);
    }

    public IDeltaWatch Watch(TenantId tenant, RunId run) => throw new NotSupportedException();
}
