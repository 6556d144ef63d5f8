using System.Text;
using System.Text.Json;

namespace Aos.Integration.Tests;

/// <summary>An answer of the house.</summary>
internal sealed record Reply(int Status, JsonElement Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>A member by path, for instance <c>error.details.line</c>; the JSON null when there is none.</summary>
    internal JsonElement this[string path] => path.Split('.').Aggregate(Body, (value, name) => value.Get(name) ?? Json.Null);
}

/// <summary>Asks a house over HTTP.</summary>
internal static class Asking
{
    internal static Task<Reply> AskAsync(this House house, string path) => house.AskAsync("GET", path, null);

    internal static Task<Reply> AskAsync(this House house, string path, string body) => house.AskAsync("POST", path, body);

    internal static async Task<Reply> AskAsync(this House house, string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var reply = await house.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await reply.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var isJson = reply.Content.Headers.ContentType?.MediaType == "application/json";
        var all = reply.Headers.Concat(reply.Content.Headers).ToDictionary(h => h.Key, h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase);
        return new Reply((int)reply.StatusCode, isJson ? Json.Parse(text) : Json.Of(text), all);
    }

    /// <summary>Starts a run, waits for its end, replies its id.</summary>
    internal static async Task<string> RunAsync(this House house, string body)
    {
        var run = await house.AskAsync("/api/v1/runs?wait=20", body);
        Assert.True(run.Status == 201, run.Body.GetRawText());
        return run.Body.GetText("run_id")!;
    }
}
