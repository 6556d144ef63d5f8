using Aos.Contracts;
using Aos.Identity;

namespace Aos.App.Server;

/// <summary>The HTTP server.</summary>
internal static class AosServer
{
    internal static WebApplication Build(string host, int port, HouseOptions house)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Error);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Bodies are counted while they are read. Kestrel's own limit would cut the connection before the answer is read.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        });
        builder.WebHost.UseUrls($"http://{host}:{port}");
        builder.Services.AddHouse(builder.Configuration, house);
        var key = Environment.GetEnvironmentVariable("AOS_API_KEY") ?? Environment.GetEnvironmentVariable("MACHINE_SECRET_TOKEN");
        new AosBuilder(builder.Services, builder.Configuration)
            .AddIdentity(new IdentityOptions { Key = string.IsNullOrEmpty(key) ? null : key, Data = house.Data })
            .AddServer();
        var origins = Csv("AOS_CORS_ORIGINS");
        if (origins.Length > 0)
            builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins(origins).AllowAnyHeader().AllowAnyMethod()));
        var app = builder.Build();
        app.Services.GetRequiredService<IRunRows>(); // Takes the data directory, or says who holds it, before anything else.
        app.Services.GetRequiredService<IIdentity>();
        app.Services.GetRequiredService<MetricsPage>();
        app.Services.GetRequiredService<ServerMeter>();
        app.UseRouting();
        if (origins.Length > 0) app.UseCors();
        app.UseEdge(IsDevelopment(host));
        app.MapHealth();
        app.MapService(Environment.GetEnvironmentVariable("AOS_METRICS") == "open");
        app.MapRuntime();
        app.MapRuns();
        return app;
    }

    /// <summary>What the server itself needs beside the rooms.</summary>
    private static void AddServer(this AosBuilder aos)
    {
        aos.Migrations(StoreProbe.Migration);
        aos.Services.AddSingleton<StoreProbe>();
        aos.Services.AddSingleton<ReplayLog>();
        aos.Services.AddSingleton<MetricsPage>();
        aos.Services.AddSingleton<ServerMeter>();
    }

    /// <summary>Development is the default of the embedded store on loopback, production of everything else.</summary>
    private static bool IsDevelopment(string host) => Environment.GetEnvironmentVariable("AOS_ENVIRONMENT") is { Length: > 0 } named
        ? named.Equals("Development", StringComparison.OrdinalIgnoreCase)
        : host is "127.0.0.1" or "localhost" or "[::1]";

    private static string[] Csv(string name) =>
        (Environment.GetEnvironmentVariable(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
