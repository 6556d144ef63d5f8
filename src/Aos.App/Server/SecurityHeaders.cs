using System.Security.Cryptography;
using System.Text;

namespace Aos.App.Server;

/// <summary>
/// What every answer tells a browser: take it as what it says it is, run nothing of it, frame it nowhere, keep no copy, and say to nobody
/// where it came from. Set before anything else, so that refusals have them too; a route may say otherwise of what is its own.
/// </summary>
internal static class SecurityHeaders
{
    /// <summary>Of everything that is no page.</summary>
    private const string Nothing = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

    /// <summary>A year: so long a browser that has once come by TLS comes by TLS only.</summary>
    private const string TlsOnly = "max-age=31536000; includeSubDomains";

    internal static void UseSecurityHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.ContentSecurityPolicy = Nothing;
        headers.CacheControl = "no-store";
        if (context.Request.IsHttps) headers.StrictTransportSecurity = TlsOnly;
        return next(context);
    });

    /// <summary>The answer is a page without scripts and with this one style.</summary>
    internal static void AllowStyle(this HttpContext context, string style) =>
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)))}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
}
