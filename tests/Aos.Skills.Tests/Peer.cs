using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Skills.Tests;

/// <summary>A web server on loopback that answers as a test says.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly WebApplication app;

    private Peer(WebApplication app, string origin)
    {
        this.app = app;
        Origin = origin;
    }

    internal string Origin { get; }

    internal string Authority => new Uri(Origin).Authority;

    internal int Port => new Uri(Origin).Port;

    internal static async Task<Peer> StartAsync(Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        map(app);
        await app.StartAsync();
        return new Peer(app, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    internal static async Task<string> BodyAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync();
    }
}
