namespace Aos.App.Server;

/// <summary>Whose pages may call the API: exact origins and nothing that stands for several. No page ever sends a cookie or the like.</summary>
internal static class AllowedOrigins
{
    private const string Setting = "AOS_CORS_ORIGINS";

    /// <summary>Headers that a page may read beside the plain ones.</summary>
    private static readonly string[] Readable =
    [
        "X-Request-ID", "X-Correlation-ID", "Retry-After", "WWW-Authenticate", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy",
    ];

    internal static IReadOnlyList<string> Read(Func<string, string?> setting, List<string> problems)
    {
        var origins = (setting(Setting) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        problems.AddRange(origins.Where(origin => !IsOne(origin)).Select(origin => $"{Setting} names origins such as https://console.example.com, not '{origin}': no path, and no * for all."));
        return origins;
    }

    internal static void AllowOrigins(this IServiceCollection services, IReadOnlyList<string> origins)
    {
        if (origins.Count == 0) return;
        services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins([.. origins]).AllowAnyHeader().AllowAnyMethod().WithExposedHeaders(Readable)));
    }

    private static bool IsOne(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 && !text.Contains('*', StringComparison.Ordinal)
        && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase);
}
