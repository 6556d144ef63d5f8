using System.Globalization;
using System.Net;
using Aos.Contracts;
using Aos.Egress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>A house beside a web server that only the house can reach, for all tests of a class.</summary>
public sealed class InnerHouse : IAsyncLifetime
{
    private WebApplication inner = null!;
    private int asked;
    private int resolved;

    internal AuthHouse House { get; private set; } = null!;

    /// <summary>Requests to the web server that were no redirect.</summary>
    internal int Asked
    {
        get => Volatile.Read(ref asked);
        set => Volatile.Write(ref asked, value);
    }

    internal string Port => new Uri(inner.Urls.First()).Port.ToString(CultureInfo.InvariantCulture);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        inner = builder.Build();
        inner.MapGet("/to", (string url) => Results.Redirect(url));
        inner.MapGet("/{**rest}", () => Interlocked.Increment(ref asked));
        await inner.StartAsync();
        // Of the names of a test only the gate's may be asked; "rebind" is that for the first who asks, and this machine's afterwards.
        var options = new EgressOptions { Allow = [$"gate.example:{Port}"] };
        House = await AuthHouse.OpenAsync(more: services => services.AddSingleton<IEgress>(_ => new Aos.Egress.Egress(options, ResolveAsync)));
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await inner.DisposeAsync();
    }

    private Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancel) => Task.FromResult<IPAddress[]>(name switch
    {
        "gate.example" or "inner.example" => [IPAddress.Loopback],
        "both.example" => [IPAddress.Parse("93.184.216.34"), IPAddress.Loopback],
        "mapped.example" => [IPAddress.Parse("::ffff:127.0.0.1")],
        "rebind.example" => [Interlocked.Increment(ref resolved) == 1 ? IPAddress.Parse("93.184.216.34") : IPAddress.Loopback],
        _ => [IPAddress.Loopback],
    });
}
