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
            kestrel.Limits.MaxRequestBodySize = Edge.BodyBytesMax;
        });
        builder.WebHost.UseUrls($"http://{host}:{port}");
        builder.Services.AddHouse(builder.Configuration, house);
        var key = Environment.GetEnvironmentVariable("AOS_API_KEY") ?? Environment.GetEnvironmentVariable("MACHINE_SECRET_TOKEN");
        new AosBuilder(builder.Services, builder.Configuration).AddIdentity(new IdentityOptions { Key = string.IsNullOrEmpty(key) ? null : key, Data = house.Data });
        builder.Services.Configure<RouteOptions>(options => options.SetParameterPolicy<Microsoft.AspNetCore.Routing.Constraints.RegexInlineRouteConstraint>("regex"));
        var app = builder.Build();
        app.Services.GetRequiredService<IRunRows>(); // Takes the data directory, or says who holds it, before anything else.
        app.Services.GetRequiredService<IIdentity>();
        app.UseRouting();
        app.UseEdge(IsDevelopment(host));
        app.MapService();
        app.MapRuns();
        return app;
    }

    /// <summary>Development is the default of the embedded store on loopback, production of everything else.</summary>
    private static bool IsDevelopment(string host) => Environment.GetEnvironmentVariable("AOS_ENVIRONMENT") is { Length: > 0 } named
        ? named.Equals("Development", StringComparison.OrdinalIgnoreCase)
        : host is "127.0.0.1" or "localhost" or "[::1]";
}
