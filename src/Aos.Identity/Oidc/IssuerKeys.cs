using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Microsoft.IdentityModel.Tokens;

namespace Aos.Identity;

/// <summary>
/// The issuer's signing keys: found by its discovery document, kept for an hour, asked for again when a token names one that is not
/// known. Keys that were read before stay while the issuer does not answer.
/// </summary>
internal sealed class IssuerKeys(OidcOptions options, IEgress egress, TimeProvider clock)
{
    /// <summary>Bytes of an answer of the issuer.</summary>
    private const int BytesMax = 1024 * 1024;

    /// <summary>Keys taken of one set.</summary>
    private const int KeysMax = 100;

    /// <summary>Smaller RSA keys are not believed, bits.</summary>
    private const int RsaBitsMin = 2048;

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>So often at most unknown key ids make the issuer be asked: anybody can make up one.</summary>
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Task<string?> reading = Task.FromResult<string?>(null);
    private volatile IReadOnlyDictionary<string, SecurityKey>? keys;
    private long readAt;
    private bool hasRead;

    /// <summary>The key of this id; null: the issuer has none. Why not, when it cannot be asked and no keys are known.</summary>
    internal async ValueTask<(SecurityKey? Key, string? Outage)> FindAsync(string id, CancellationToken cancel)
    {
        if (keys is { } known && known.TryGetValue(id, out var key) && !IsOlder(Lifetime)) return (key, null);
        var problem = await ReadAsync().WaitAsync(cancel);
        if (keys is not { } now) return (null, problem ?? "The issuer's keys are not known yet.");
        return (now.GetValueOrDefault(id), null);
    }

    private bool IsOlder(TimeSpan age)
    {
        lock (gate) return !hasRead || clock.GetElapsedTime(readAt) > age;
    }

    /// <summary>One reading at a time, and not more often than makes sense; all that ask meanwhile wait for it.</summary>
    private Task<string?> ReadAsync()
    {
        lock (gate)
        {
            if (!reading.IsCompleted) return reading;
            if (hasRead && clock.GetElapsedTime(readAt) < AgainAfter) return reading;
            (readAt, hasRead) = (clock.GetTimestamp(), true);
            return reading = AskAsync();
        }
    }

    private async Task<string?> AskAsync()
    {
        var url = options.KeysUrl;
        if (url is null)
        {
            var (document, problem) = await GetAsync($"{options.Issuer}/.well-known/openid-configuration");
            if (document is not { } found) return problem;
            if (found.GetText("issuer")?.TrimEnd('/') != options.Issuer) return "The discovery document is of another issuer.";
            url = found.GetText("jwks_uri");
            if (url is null || !IsOfIssuer(url)) return "The discovery document names no https address of keys.";
        }

        var (set, unread) = await GetAsync(url);
        if (set is not { } text) return unread;
        var read = Read(text);
        if (read.Count == 0) return "The issuer's set of keys has none that may sign tokens.";
        keys = read;
        return null;
    }

    /// <summary>An issuer on this machine may have its keys there too; all others say them over https.</summary>
    private bool IsOfIssuer(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && new Uri(options.Issuer) is { Scheme: "http" } issuer && issuer.Authority == uri.Authority));

    private async Task<(JsonElement? Document, string? Problem)> GetAsync(string url)
    {
        var (response, failure) = await egress.SendAsync(
            new EgressRequest("GET", url, [new("Accept", "application/json")], null, null, options.AnswerTimeMax, BytesMax, RedirectsMax: 0), CancellationToken.None);
        if (failure is not null) return (null, $"{url}: {failure.Message}");
        if (response!.Status != 200) return (null, $"{url} answered {response.Status}.");
        try
        {
            return (JsonText.Read(response.Body), null);
        }
        catch (JsonTextException e)
        {
            return (null, $"{url}: {e.Message}");
        }
    }

    /// <summary>Public keys for signatures: RSA of a decent size, and EC on P-256. A symmetric key in a public set is nobody's secret.</summary>
    private static Dictionary<string, SecurityKey> Read(JsonElement set)
    {
        var read = new Dictionary<string, SecurityKey>(StringComparer.Ordinal);
        if (set.Get("keys") is not { ValueKind: JsonValueKind.Array } list) return read;
        foreach (var one in list.EnumerateArray().Take(KeysMax))
        {
            if (one.GetText("kid") is not { Length: > 0 and <= 256 } id || one.GetText("use") is not (null or "sig")) continue;
            if (one.GetText("kty") is not ("RSA" or "EC")) continue;
            if (Good(new JsonWebKey(Encoding.UTF8.GetString(one.Raw()))) is { } key) read[id] = key;
        }

        return read;
    }

    private static JsonWebKey? Good(JsonWebKey key)
    {
        try
        {
            return (key.Kty == "RSA" ? key.KeySize >= RsaBitsMin : key.Crv == "P-256") ? key : null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null; // What should be a number in it is none.
        }
    }
}
