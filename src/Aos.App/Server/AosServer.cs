using System.Net;
using System.Security.Authentication;
using Aos.Contracts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Aos.App.Server;

/// <summary>The HTTP server.</summary>
internal static class AosServer
{
    /// <summary>How long the end of the process may take, whatever hangs: runs are handed back within it.</summary>
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(9);

    /// <param name="more">What a host brings along, for instance skills of its own.</param>
    internal static WebApplication Build(string host, int port, HouseOptions house, Action<IServiceCollection>? more = null)
    {
        // Nodes on one database may share a machine and its folders: none of them speaks for all.
        var socket = Composition.IsShared(house) ? null : new OwnerSocket(house.Data);
        var server = house.Server ?? Composition.Server();
        var builder = Builder(server, kestrel =>
        {
            Listen(kestrel, host, port, server.Tls is null ? _ => { } : SpeakTls);
            socket?.Listen(kestrel);
        });
        builder.Services.AddHouse(builder.Configuration, house with { IsServer = true, IsDevelopment = IsDevelopment(host) });
        builder.Services.AddHostedService<LaterHost>();
        if (server.Tls is { } tls) builder.AddTls(tls);
        more?.Invoke(builder.Services);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopMax);
        var app = builder.Build();
        app.Services.GetRequiredService<MetricsPage>(); // Listens before anything is counted: what begins as 0 is seen.
        app.Services.GetRequiredService<IRunRows>(); // Takes the data directory, or says who holds it; or reaches the database. Before anything else.
        app.Services.GetRequiredService<IIdentity>();
        app.Services.GetRequiredService<ServerMeter>();
        socket?.Guard(app);
        app.AnnounceNode();
        return Routes(app, server, IsDevelopment(host));
    }

    /// <summary>The same routes over a house that already lives in this process, on the owner's socket alone.</summary>
    internal static WebApplication BuildOver(IServiceProvider house, string data)
    {
        var socket = new OwnerSocket(data);
        var server = new ServerOptions();
        var app = Builder(server, socket.Listen).Build();
        socket.Guard(app);
        app.Use((context, next) =>
        {
            context.RequestServices = new Layered(house, context.RequestServices);
            return next(context);
        });
        return Routes(app, server, isDevelopment: false);
    }

    /// <summary>What the server itself needs beside the rooms.</summary>
    internal static AosBuilder AddServer(this AosBuilder aos, HouseOptions house)
    {
        aos.Chore<StatusExports>();
        aos.Services.AddSingleton(house);
        aos.Migrations(StoreProbe.Migration);
        aos.Services.AddSingleton<StoreProbe>();
        aos.Services.AddSingleton<NewestSave>();
        aos.Services.AddSingleton<ReplayLog>();
        aos.Services.AddSingleton<MetricsPage>();
        aos.Services.AddSingleton<ServerMeter>();
        return aos;
    }

    private static WebApplicationBuilder Builder(ServerOptions server, Action<KestrelServerOptions> listen)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.OneLineEach(server.Log);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            server.Limit(kestrel);
            listen(kestrel);
        });
        builder.Services.AddSingleton(server);
        builder.Services.AllowOrigins(server.Origins);
        return builder;
    }

    private static void AddTls(this WebApplicationBuilder builder, TlsOptions tls)
    {
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Services.AddSingleton(tls);
        builder.Services.AddSingleton<ServerCertificate>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ServerCertificate>());
    }

    /// <summary>TLS and nothing else: each connection is shown the certificate of the moment.</summary>
    private static void SpeakTls(ListenOptions listen)
    {
        var certificate = new Lazy<ServerCertificate>(listen.ApplicationServices.GetRequiredService<ServerCertificate>);
        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ServerCertificateSelector = (_, _) => certificate.Value.Leaf,
            OnAuthenticate = (_, tls) => certificate.Value.Show(tls),
        });
    }

    private static WebApplication Routes(WebApplication app, ServerOptions server, bool isDevelopment)
    {
        app.UseSecurityHeaders();
        app.UseRouting();
        if (server.Origins.Count > 0) app.UseCors();
        app.UseEdge(isDevelopment);
        app.MapHealth();
        app.MapWorkflowHealth();
        app.MapSchemas();
        app.MapService(Environment.GetEnvironmentVariable("AOS_METRICS") == "open");
        app.MapRuntime();
        app.MapPrices();
        app.MapSimulate();
        app.MapCostModels();
        app.MapCostBreaker();
        app.MapCanary();
        app.MapDivergence();
        app.MapFailures();
        app.MapRuns();
        app.MapBulk();
        app.MapWorkflows();
        app.MapTraces();
        app.MapTraceBook();
        app.MapMismatches();
        app.MapForks();
        app.MapRecordings();
        app.MapStatus();
        app.MapAgents();
        app.MapAdmin();
        app.MapOutbox();
        app.MapNodes();
        app.MapArchive();
        app.MapIdentity();
        app.MapKeys();
        app.MapTenants();
        app.MapSecrets();
        app.MapMemory();
        app.MapMemoryRules();
        app.MapMemoryDrift();
        app.MapRecall();
        app.MapWebhooks();
        app.MapWebhookDeliveries();
        app.MapConnections();
        app.MapKillSwitches();
        app.MapBudgets();
        app.MapCostReports();
        app.MapAudit();
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, string host, int port, Action<ListenOptions> speak)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address)) kestrel.Listen(address, port, speak);
        else if (host is "*" or "+") kestrel.ListenAnyIP(port, speak);
        else if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && port != 0) kestrel.ListenLocalhost(port, speak);
        else if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)) kestrel.Listen(IPAddress.Loopback, 0, speak);
        else throw new IOException($"'{host}' is no address to listen on. Use an IP address, localhost, or * for all.");
    }

    /// <summary>Development is the default of the embedded store on loopback, production of everything else.</summary>
    private static bool IsDevelopment(string host) => Environment.GetEnvironmentVariable("AOS_ENVIRONMENT") is { Length: > 0 } named
        ? named.Equals("Development", StringComparison.OrdinalIgnoreCase)
        : host is "127.0.0.1" or "localhost" or "[::1]" or "::1";

    /// <summary>Services of the house first, the web server's own behind them.</summary>
    private sealed class Layered(IServiceProvider house, IServiceProvider web) : IServiceProvider
    {
        public object? GetService(Type serviceType) => house.GetService(serviceType) ?? web.GetService(serviceType);
    }
}
