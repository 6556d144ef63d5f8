using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Chaos;

/// <summary>The world outside: it outlives every server and remembers each effect with the key it came with.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> seen = new(StringComparer.Ordinal);
    private readonly WebApplication app;

    private readonly int slowest;

    private Receiver(WebApplication app, int slowest) => (this.app, this.slowest) = (app, slowest);

    internal string Origin { get; private set; } = "";

    /// <param name="slowest">An answer takes at most so many milliseconds.</param>
    internal static async Task<Receiver> StartAsync(int slowest = 120)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new Receiver(app, slowest);
        app.Run(receiver.TakeAsync);
        await app.StartAsync();
        receiver.Origin = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return receiver;
    }

    /// <summary>The keys an effect came with, one per arrival.</summary>
    internal IReadOnlyList<string> Keys(string path) => seen.TryGetValue(path, out var keys) ? [.. keys] : [];

    /// <summary>Arrivals of an effect after its first.</summary>
    internal int Repeats => seen.Values.Sum(keys => keys.Count - 1);

    internal int Arrivals => seen.Values.Sum(keys => keys.Count);

    private async Task TakeAsync(HttpContext context)
    {
        // The effect counts as soon as it arrives; the answer takes a while, so that kills fall in between.
        seen.GetOrAdd($"{context.Request.Method} {context.Request.Path}", _ => new())
            .Enqueue(context.Request.Headers["Idempotency-Key"].ToString());
        await Task.Delay(Random.Shared.Next(5, slowest), context.RequestAborted);
        await context.Response.WriteAsJsonAsync(new { ok = true });
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
