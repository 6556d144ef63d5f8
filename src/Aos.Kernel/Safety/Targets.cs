using System.Net;
using System.Net.Sockets;

namespace Aos.Kernel;

/// <summary>Which targets may be named at all, judged from their text alone. What a name resolves to is judged at the call.</summary>
public static class Targets
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            // Global unicast is 2000::/3 alone; within it are tunnels, and addresses for documents.
            "::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(text => IPNetwork.Parse(text)),
    ];

    private static readonly string[] InnerNames = ["localhost", "local", "internal", "localdomain", "home.arpa", "metadata.google.internal"];

    /// <summary>Public unicast, after the IANA special-purpose registries: what may be reached unless allow-listed.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6 && !NotPublic.Any(network => network.Contains(address));
    }

    /// <summary>Why the URL is refused, or null. Full-width letters, other dots, numeric and hexadecimal addresses are seen through.</summary>
    /// <param name="url">As written.</param>
    /// <param name="forbidden">Domains forbidden beside the inner ones; their subdomains too.</param>
    public static string? Refusal(string url, IReadOnlyCollection<string> forbidden)
    {
        if (Read(url) is not { } uri) return "it is no valid URL";
        if (uri.Scheme is not ("http" or "https")) return $"{uri.Scheme} is not let out";
        if (uri.UserInfo.Length > 0) return "it holds credentials";
        var host = Host(uri);
        if (host.Length == 0) return "it has no host";
        if (IPAddress.TryParse(host, out var address)) return IsPublic(address) ? null : $"{address} is not a public address";
        var inner = InnerNames.Concat(forbidden).FirstOrDefault(name =>
            host.Equals(name, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + name, StringComparison.OrdinalIgnoreCase));
        return inner is null ? null : $"{host} is forbidden";
    }

    private static Uri? Read(string url) =>
        Uri.TryCreate(TextFold.Skeleton(url.Trim()), UriKind.Absolute, out var uri) ? uri : null;

    private static string Host(Uri uri)
    {
        var host = uri.HostNameType == UriHostNameType.Dns ? uri.IdnHost : uri.Host;
        var zone = host.IndexOf('%', StringComparison.Ordinal);
        return (zone < 0 ? host : host[..zone]).Trim('[', ']').TrimEnd('.');
    }
}
