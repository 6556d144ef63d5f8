using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Approvals;

/// <summary>What a request says of itself: true only if one of its signatures is right.</summary>
/// <param name="Id">The delivery's id, which the signature covers; null: it stands in the body, which nobody reads before the signature is found right.</param>
/// <param name="SignedAt">Unix seconds; null where the scheme signs no time.</param>
/// <param name="Before">What is signed before the body.</param>
/// <param name="Signatures">Each 32 bytes; one of them must be right.</param>
/// <param name="Version">Null: any version that is good now.</param>
internal sealed record Claim(string? Id, long? SignedAt, byte[] Before, IReadOnlyList<byte[]> Signatures, long? Version)
{
    private const int IdMax = 255;
    private const int MacBytes = 32;

    /// <summary>Signatures of one request: Stripe sends two while a secret is rotated.</summary>
    private const int SignaturesMax = 4;

    /// <summary>Null: it lacks something, has it twice, or in another form.</summary>
    internal static Claim? Of(WebhookScheme scheme, WebhookRequest request) => scheme switch
    {
        WebhookScheme.GitHub => OfGitHub(request),
        WebhookScheme.Stripe => OfStripe(request),
        _ => OfAos(request),
    };

    private static Claim? OfAos(WebhookRequest request)
    {
        var (id, timestamp) = (One(request, WebhookSignature.IdHeader), One(request, WebhookSignature.TimestampHeader));
        if (!IsId(id) || Time(timestamp) is not { } time || Mac(One(request, WebhookSignature.SignatureHeader)) is not { } mac) return null;
        long? version = request.Headers.Any(header => IsNamed(header, WebhookSignature.KeyVersionHeader)) ? NumberOf(One(request, WebhookSignature.KeyVersionHeader)) : null;
        return new Claim(id!, time, WebhookSignature.Before(timestamp!, id!), [mac], version);
    }

    /// <summary>GitHub signs neither time nor id: who has seen a delivery could send it under another id. So its body is its id.</summary>
    private static Claim? OfGitHub(WebhookRequest request) =>
        Mac(One(request, "X-Hub-Signature-256")) is { } mac ? new Claim($"sha256:{ContentHash.Hex(request.Body.Span)}", null, [], [mac], null) : null;

    private static Claim? OfStripe(WebhookRequest request)
    {
        string? timestamp = null;
        var macs = new List<byte[]>();
        foreach (var part in (One(request, "Stripe-Signature") ?? "").Split(','))
        {
            if (part.Split('=', 2) is not [var name, var value]) return null;
            if (name == "t" && timestamp is null) timestamp = value;
            else if (name == "t") return null;
            else if (name == "v1" && Mac(WebhookSignature.Prefix + value) is { } mac) macs.Add(mac);
        }

        if (Time(timestamp) is not { } time || macs.Count is 0 or > SignaturesMax) return null;
        return new Claim(null, time, Encoding.ASCII.GetBytes(timestamp + "."), macs, null);
    }

    /// <summary>The id of a delivery whose signature is right; null: its body has none.</summary>
    internal string? IdIn(ReadOnlySpan<byte> body)
    {
        if (Id is not null) return Id;
        try
        {
            return JsonText.Read(body).GetText("id") is { } id && IsId(id) ? id : null;
        }
        catch (JsonTextException)
        {
            return null;
        }
    }

    /// <summary>A header that is there twice is none: two readers could take two different ones for it.</summary>
    private static string? One(WebhookRequest request, string name) => request.Headers.Where(header => IsNamed(header, name)).ToArray() is [var one] ? one.Value : null;

    private static bool IsNamed(KeyValuePair<string, string> header, string name) => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static bool IsId(string? text) => text?.Length is > 0 and <= IdMax && text.All(c => c is >= ' ' and <= '~');

    private static long? Time(string? text) => text is { Length: <= 12 } && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var time) ? time : null;

    /// <summary>The number of <c>v2</c>; -1, which no secret has, of anything else.</summary>
    private static long NumberOf(string? text) =>
        text is ['v', .. { Length: <= 12 } digits] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    /// <summary>Only SHA-256: what is marked as anything else is no signature here.</summary>
    private static byte[]? Mac(string? text)
    {
        if (text is null || text.Length != WebhookSignature.Prefix.Length + (2 * MacBytes) || !text.StartsWith(WebhookSignature.Prefix, StringComparison.Ordinal)) return null;
        var mac = new byte[MacBytes];
        return Convert.FromHexString(text.AsSpan(WebhookSignature.Prefix.Length), mac, out _, out _) == System.Buffers.OperationStatus.Done ? mac : null;
    }
}
