using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Campaigns;

/// <summary>
/// What runs call outside: the routes of the sample's flaky server, and one with bad days of its own, of which every seventh call is
/// refused, so that retries are part of what must come out equal.
/// </summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, int> calls = new(StringComparer.Ordinal);
    private readonly WebApplication app;
    private int asked;

    private Peer(WebApplication app) => this.app = app;

    internal string Origin { get; private set; } = "";

    internal int Asked => asked;

    internal static async Task<Peer> OpenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var peer = new Peer(builder.Build());
        peer.app.Run(peer.AnswerAsync);
        await peer.app.StartAsync();
        peer.Origin = peer.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return peer;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var number = Interlocked.Increment(ref asked);
        var path = context.Request.Path.Value!.Trim('/').Split('/');
        var (status, body) = path switch
        {
            ["flaky", var failures] => Flaky(int.Parse(failures, CultureInfo.InvariantCulture), context.Request.Query["key"].ToString()),
            ["down"] => (503, ""),
            ["steady"] => (200, """{"source": "the other server", "ok": true}"""),
            ["order", var id] when number % 7 != 0 => (200, $$"""{"order": {{id}}, "lines": [1, 2, 3]}"""),
            _ => (503, ""),
        };
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    }

    private (int Status, string Body) Flaky(int failures, string key)
    {
        // Once it is well it answers every call alike: one that is made again after its caller died gets what the lost one got.
        var call = calls.AddOrUpdate($"{failures} {key}", 1, (_, before) => Math.Min(before, failures) + 1);
        return (call <= failures ? 503 : 200, $$"""{"call": {{call}}, "ok": {{(call > failures ? "true" : "false")}}}""");
    }
}
