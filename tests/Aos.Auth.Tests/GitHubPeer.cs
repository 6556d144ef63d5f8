using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>A server of this machine that keeps issues and comments as GitHub does, and takes messages as a chat does.</summary>
internal sealed class GitHubPeer : IAsyncDisposable
{
    internal const string Token = "github-token-of-this-test-only";
    private readonly Lock gate = new();
    private readonly List<(string Title, string Body, string[] Labels)> issues = [];
    private readonly List<(int Issue, string Body)> comments = [];
    private readonly List<string> messages = [];
    private WebApplication app = null!;

    internal string Url { get; private set; } = "";

    internal string Chat => $"{Url}/chat/secret-part";

    /// <summary>Answers that much more requests that make something with this status instead.</summary>
    internal (int Status, int Times) Fails { get; set; }

    /// <summary>True: a request that fails has made its issue all the same.</summary>
    internal bool MakesThenFails { get; set; }

    internal IReadOnlyList<(string Title, string Body, string[] Labels)> Issues => Locked(issues);

    internal IReadOnlyList<(int Issue, string Body)> Comments => Locked(comments);

    internal IReadOnlyList<string> Messages => Locked(messages);

    internal static async Task<GitHubPeer> OpenAsync()
    {
        var peer = new GitHubPeer();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        peer.app = builder.Build();
        peer.app.MapGet("/repos/org/repo/issues", context => peer.KnownAsync(context, writer => peer.WriteIssues(writer, context.Request.Query["labels"]!)));
        peer.app.MapPost("/repos/org/repo/issues", context => peer.MakeAsync(context, peer.AddIssue));
        peer.app.MapGet("/repos/org/repo/issues/{number}/comments", context => peer.KnownAsync(context, writer => peer.WriteComments(writer, Number(context))));
        peer.app.MapPost("/repos/org/repo/issues/{number}/comments", context => peer.MakeAsync(context, body => peer.AddComment(Number(context), body)));
        peer.app.MapPost("/chat/secret-part", peer.TakeAsync);
        await peer.app.StartAsync();
        peer.Url = peer.app.Urls.First();
        return peer;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private List<T> Locked<T>(List<T> list)
    {
        lock (gate) return [.. list];
    }

    private static int Number(HttpContext context) => int.Parse((string)context.Request.RouteValues["number"]!, CultureInfo.InvariantCulture);

    private static bool IsKnown(HttpContext context) => context.Request.Headers.Authorization == $"Bearer {Token}" && context.Request.Headers.UserAgent.Count > 0;

    private async Task KnownAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        context.Response.StatusCode = IsKnown(context) ? 200 : 401;
        await context.Response.WriteAsync(IsKnown(context) ? Json.Write(write).GetRawText() : """{"message":"Bad credentials"}""");
    }

    private async Task MakeAsync(HttpContext context, Func<JsonElement, string> make)
    {
        if (!IsKnown(context))
        {
            context.Response.StatusCode = 401;
            return;
        }

        var body = Json.Parse(await new StreamReader(context.Request.Body).ReadToEndAsync());
        bool fails;
        string answer = "{}";
        lock (gate)
        {
            fails = Fails.Times > 0;
            if (fails) Fails = (Fails.Status, Fails.Times - 1);
            if (!fails || MakesThenFails) answer = make(body);
        }

        context.Response.StatusCode = fails ? Fails.Status : 201;
        await context.Response.WriteAsync(answer);
    }

    private string AddIssue(JsonElement body)
    {
        issues.Add((body.GetText("title")!, body.GetText("body")!, [.. body.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!)]));
        return $$"""{"number":{{issues.Count}},"html_url":"{{Url}}/org/repo/issues/{{issues.Count}}"}""";
    }

    private string AddComment(int issue, JsonElement body)
    {
        comments.Add((issue, body.GetText("body")!));
        return """{"id":1}""";
    }

    private void WriteIssues(Utf8JsonWriter writer, string label)
    {
        lock (gate)
        {
            writer.WriteStartArray();
            for (var i = issues.Count; i > 0; i--)
            {
                if (!issues[i - 1].Labels.Contains(label)) continue;
                writer.WriteStartObject();
                writer.WriteNumber("number", i);
                writer.WriteString("html_url", $"{Url}/org/repo/issues/{i}");
                writer.WriteString("body", issues[i - 1].Body);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
    }

    private void WriteComments(Utf8JsonWriter writer, int issue)
    {
        lock (gate)
        {
            writer.WriteStartArray();
            foreach (var (_, body) in comments.Where(comment => comment.Issue == issue))
            {
                writer.WriteStartObject();
                writer.WriteString("body", body);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }
    }

    private async Task TakeAsync(HttpContext context)
    {
        var body = Json.Parse(await new StreamReader(context.Request.Body).ReadToEndAsync());
        lock (gate) messages.Add(body.GetText("text")!);
        await context.Response.WriteAsync("ok");
    }
}
