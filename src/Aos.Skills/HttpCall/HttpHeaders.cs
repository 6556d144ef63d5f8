using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>Headers of requests, checked, and of answers, folded.</summary>
internal static class HttpHeaders
{
    private const int CountMax = 100;
    private const int BytesMax = 32 * 1024;

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
            if (value.Any(c => c is '\r' or '\n' or '\0')) return $"The header {name} holds a line break.";
        }

        return null;
    }

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
