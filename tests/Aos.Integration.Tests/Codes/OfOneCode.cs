using System.Text.Json;

namespace Aos.Integration.Tests.Codes;

/// <summary>
/// Tests that each provoke one code of the catalog over HTTP: which one says their id, <c>F5.80-CODE</c> with hyphens for underscores. What is
/// asked of every code stands here: what the house says of it, that it may be tried again or not, and what to do about it.
/// </summary>
public abstract class OfOneCode(CodeHouse house)
{
    internal const string Prefix = "F5.80-";

    private protected CodeHouse House => house;

    /// <summary>The code that the test which runs is about.</summary>
    private static FailureEntry Entry => FailureCatalog.Find(CodeOf(TestContext.Current.Test!.Traits["id"].Single(id => id.StartsWith(Prefix, StringComparison.Ordinal))))!;

    /// <summary>The code of an id.</summary>
    internal static string CodeOf(string id) => id[Prefix.Length..].Replace('-', '_');

    /// <summary>The request was refused with the code.</summary>
    /// <param name="status">The code's own by default.</param>
    private protected async Task RefusedAsync(Task<Reply> asked, int? status = null)
    {
        var reply = await asked;
        Assert.True(reply.Body.Get("error") is not null, reply.Body.GetRawText());
        Assert.Equal((status ?? Entry.HttpStatus, Entry.Code), (reply.Status, reply["error.code"].GetString()));
        await SaysAsync(reply["error"]);
        Assert.True(!Entry.Retryable || reply["error.retryable"].GetBoolean() == reply["error.retry_after_ms"].ValueKind is JsonValueKind.Number, reply.Body.GetRawText());
    }

    /// <summary>The plan's run failed with the code.</summary>
    private protected async Task FailsAsync(string steps, string more = "") => await OverAsync(await House.StartAsync(Plan(steps, more)));

    /// <summary>The run ended with the code.</summary>
    private protected async Task OverAsync(string run, string status = "failed")
    {
        var ended = await House.EndedAsync(run);
        Assert.True(ended.Body.GetText("status") == status, ended.Body.GetRawText());
        Assert.True(Entry.Code == ended["outcome.error.code"].GetString(), ended.Body.GetRawText());
        await SaysAsync(ended["outcome.error"]);
    }

    /// <summary>An answer that is no error names the code.</summary>
    private protected async Task NamedAsync(JsonElement code)
    {
        Assert.Equal(Entry.Code, code.GetString());
        await KnownAsync();
    }

    private protected static string Plan(string steps, string more = "") => $$$"""{"plan":{"name":"p","steps":[{{{steps}}}]{{{(more.Length > 0 ? "," + more : "")}}}}}""";

    /// <summary>A step that calls once only.</summary>
    private protected static string Once(string skill, string parameters, string more = "") =>
        $$$"""{"id":"a","skill":"{{{skill}}}","params":{{{parameters}}},"retry":{"max_attempts":1}{{{(more.Length > 0 ? "," + more : "")}}}}""";

    private protected static string Get(string path, string more = "") => Once("http_call", $$"""{"url":"http://PEER{{path}}"{{more}}}""");

    private protected static string Ask(string prompt) => Once("llm_invoke", $$"""{"prompt":"{{prompt}}","max_tokens":10}""");

    private async Task SaysAsync(JsonElement error)
    {
        Assert.Equal(Entry.Category.ToString().ToUpperInvariant(), error.GetText("category"));
        Assert.Equal(Entry.Retryable, error.GetProperty("retryable").GetBoolean());
        Assert.NotEqual("", error.GetText("message"));
        Assert.Equal(Entry.Advice, error.GetText("recovery_suggestion"));
        Assert.Equal($"docs/errors/{Entry.Code}.md", error.GetText("help"));
        await KnownAsync();
    }

    /// <summary>The house lists the code as its catalog has it, and the page that an error leads to is there.</summary>
    private async Task KnownAsync()
    {
        var known = await House.AskAsync($"/api/v1/failures/catalog/{Entry.Code}");
        Assert.Equal((200, Entry.Code, Entry.HttpStatus), (known.Status, known.Body.GetText("code"), known["http_status"].GetInt32()));
        Assert.Equal((Entry.Category.ToString().ToUpperInvariant(), Entry.Retryable), (known.Body.GetText("category"), known["retryable"].GetBoolean()));
        Assert.Contains(Entry.Advice, await File.ReadAllTextAsync(Path.Combine(Root, known.Body.GetText("help")!), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>The repository.</summary>
    internal static string Root { get; } = Found(AppContext.BaseDirectory);

    private static string Found(string folder) => File.Exists(Path.Combine(folder, "Aos.slnx")) ? folder : Found(Path.GetDirectoryName(folder)!);
}
