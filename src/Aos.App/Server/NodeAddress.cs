using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Aos.Contracts;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Aos.App.Server;

/// <summary>Where other nodes reach this one: as AOS_NODE_URL says, else where it listens.</summary>
internal static class NodeAddress
{
    internal const string Setting = "AOS_NODE_URL";

    /// <summary>What is wrong with the setting; null: nothing.</summary>
    internal static string? Problem() => Composition.Setting(Setting) is { } given && Parse(given) is null
        ? $"{Setting} is '{given}', not the http or https address of this node. Example: http://10.0.0.7:8000"
        : null;

    /// <summary>Tells the cluster once the server listens.</summary>
    internal static void AnnounceNode(this WebApplication app) => app.Lifetime.ApplicationStarted.Register(
        () => app.Services.GetRequiredService<ICluster>().Announce(Of(app.Services.GetRequiredService<IServer>())));

    private static string? Of(IServer server)
    {
        if (Composition.Setting(Setting) is { } given) return Parse(given);
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            if (Parse(address.Replace("//*:", "//[::]:", StringComparison.Ordinal).Replace("//+:", "//[::]:", StringComparison.Ordinal)) is not { } parsed) continue;
            var uri = new Uri(parsed);
            var isAny = IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
            return !isAny ? parsed : Machine() is { } own ? new UriBuilder(uri) { Host = own }.Uri.GetLeftPart(UriPartial.Authority) : null;
        }

        return null;
    }

    /// <summary>The first address of this machine that others may reach; null: it has none.</summary>
    private static string? Machine() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(card => card.OperationalStatus == OperationalStatus.Up && card.NetworkInterfaceType != NetworkInterfaceType.Loopback)
        .SelectMany(card => card.GetIPProperties().UnicastAddresses)
        .FirstOrDefault(one => one.Address.AddressFamily == AddressFamily.InterNetwork)?.Address.ToString();

    private static string? Parse(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.Host != "unix" && uri.UserInfo.Length == 0 ? uri.GetLeftPart(UriPartial.Authority) : null;
}
