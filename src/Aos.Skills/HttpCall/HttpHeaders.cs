using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Headers of requests, checked, and of answers, folded.</summary>
internal static class HttpHeaders
{
    private const int CountMax = 100;
    private const int BytesMax = 32 * 1024;
    private const string NoValue = "a line break, another control character, or one beyond ASCII, which no header may";

    /// <summary>Headers of an answer that follow from the content. Dates, cookies and ids of requests do not.</summary>
    private static readonly string[] Stable = ["content-disposition", "content-language", "content-type", "link", "location"];

    /// <summary>Why the headers cannot be sent, or null.</summary>
    internal static string? Problem(IReadOnlyDictionary<string, string> headers)
    {
        if (headers.Count > CountMax || headers.Sum(header => header.Key.Length + header.Value.Length) > BytesMax)
            return $"headers has more than {CountMax} members or {BytesMax} characters.";
        foreach (var (name, value) in headers)
        {
            if (!RequestHeaders.IsToken(name))
                return "headers has a name that is no HTTP token.";
            if (RequestHeaders.IsOwned(name)) return $"The header {name} is set by the connection.";
            if (!RequestHeaders.IsValue(value)) return $"The header {name} holds {NoValue}.";
        }

        return null;
    }

    /// <summary>Why a text cannot be an idempotency key, which is sent as a header; or null.</summary>
    internal static string? KeyProblem(string? key) => key is null || RequestHeaders.IsValue(key) ? null : $"idempotency_key holds {NoValue}.";

    internal static SortedDictionary<string, string> Of(EgressResponse response)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in response.Headers) headers[name.ToLowerInvariant()] = value;
        return headers;
    }

    /// <summary>First 16 hex digits over the stable headers as canonical JSON.</summary>
    internal static string Hash(SortedDictionary<string, string> headers) => ContentHash.Short(Json.Write(writer =>
    {
        writer.WriteStartObject();
        foreach (var name in Stable)
        {
            if (headers.TryGetValue(name, out var value)) writer.WriteString(name, value);
        }

        writer.WriteEndObject();
    }));
}
