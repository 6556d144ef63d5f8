using System.Net;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Egress;

/// <summary>Judges addresses: only public unicast is let out, unless the allow-list says otherwise.</summary>
internal sealed class AddressRule(EgressOptions options)
{
    // Ports of protocols that a crafted HTTP request could speak: the "bad ports" of the Fetch standard, and those of common stores.
    private static readonly HashSet<int> BadPorts =
    [
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123,
        135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995,
        1719, 1720, 1723, 2049, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211,
    ];

    private static bool IsOwn(EgressProtocol protocol, int port) => protocol switch
    {
        EgressProtocol.Postgres => port == 5432,
        EgressProtocol.Smtp => port is 25 or 465 or 587,
        _ => false,
    };

    internal bool Allows(string host, int port, IPAddress address, EgressProtocol protocol = EgressProtocol.Http)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        foreach (var entry in options.Allow)
        {
            if (entry.Equals(host, StringComparison.OrdinalIgnoreCase) || entry.Equals($"{host}:{port}", StringComparison.OrdinalIgnoreCase)) return true;
            if (IPNetwork.TryParse(entry, out var network) && network.Contains(address)) return true;
        }

        return (!BadPorts.Contains(port) || IsOwn(protocol, port)) && Targets.IsPublic(address);
    }
}
