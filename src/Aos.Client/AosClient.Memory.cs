using System.Globalization;
using System.Text.Json;

namespace Aos.Client;

public sealed partial class AosClient
{
    private const string Pins = "api/v1/memory/pins";

    /// <summary>Makes an entry of the memory or replaces its value.</summary>
    /// <param name="ifVersion">Only if the entry has this version (0: only if there is none), else <c>PRECONDITION_FAILED</c>; null: however things stand.</param>
    public Task<MemoryPin> PutPinAsync(NewMemoryPin pin, long? ifVersion = null, string? idempotencyKey = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(pin);
        return PinAsync(HttpMethod.Post, Pins, JsonSerializer.SerializeToElement(pin, ClientJson.Default.NewMemoryPin), ifVersion, idempotencyKey, cancel);
    }

    /// <summary>Reads an entry; one that is not there is <c>NOT_FOUND</c>.</summary>
    public Task<MemoryPin> GetPinAsync(string key, CancellationToken cancel = default) => PinAsync(HttpMethod.Get, PinPath(key), null, null, null, cancel);

    /// <summary>Lists entries, one page.</summary>
    public Task<MemoryPinPage> ListPinsAsync(MemoryPinQuery? query = null, CancellationToken cancel = default) =>
        SendAsync(HttpMethod.Get, Pins + (query ?? new MemoryPinQuery()).Text(), ClientJson.Default.MemoryPinPage, null, null, cancel);

    /// <summary>Takes an entry away; one that is not there is <c>NOT_FOUND</c>.</summary>
    /// <param name="ifVersion">Only if the entry has this version, else <c>PRECONDITION_FAILED</c>; null: whichever it has.</param>
    public Task DeletePinAsync(string key, long? ifVersion = null, CancellationToken cancel = default) => SendAsync(HttpMethod.Delete, PinPath(key), null, null, Condition(ifVersion), cancel);

    /// <summary>Changes members of an entry.</summary>
    /// <param name="patch">A JSON merge patch (RFC 7396): members replace members, null takes one away.</param>
    /// <param name="create">True: an entry that is not there begins as <c>{}</c>.</param>
    /// <param name="ifVersion">As of <see cref="PutPinAsync"/>.</param>
    public Task<MemoryPin> PatchPinAsync(string key, JsonElement patch, bool create = false, long? ifVersion = null, string? idempotencyKey = null, CancellationToken cancel = default) =>
        PinAsync(HttpMethod.Patch, $"{PinPath(key)}?create={(create ? "true" : "false")}", patch, ifVersion, idempotencyKey, cancel);

    /// <summary>Adds to a number of an entry, exactly; of several at once none is lost.</summary>
    /// <param name="path">JSON pointer (RFC 6901) to the number, for instance <c>/visits</c>.</param>
    /// <param name="create">True: what is not there begins as 0.</param>
    public Task<MemoryPin> IncrementPinAsync(string key, string path, decimal by = 1, bool create = true, string? idempotencyKey = null, CancellationToken cancel = default) =>
        PinAsync(HttpMethod.Post, $"{PinPath(key)}/increment", JsonSerializer.SerializeToElement(new MemoryIncrement(path, by, create), ClientJson.Default.MemoryIncrement), null, idempotencyKey, cancel);

    /// <summary>Adds to the end of a list of an entry; of several at once none is lost.</summary>
    /// <param name="path">JSON pointer (RFC 6901) to the list.</param>
    /// <param name="maxItems">So many stay, the oldest go: 1 to 100,000; null: all stay.</param>
    /// <param name="create">True: what is not there begins as an empty list.</param>
    public Task<MemoryPin> AppendPinAsync(
        string key, string path, IReadOnlyList<JsonElement> items, int? maxItems = null, bool create = true, string? idempotencyKey = null, CancellationToken cancel = default) =>
        PinAsync(HttpMethod.Post, $"{PinPath(key)}/append", JsonSerializer.SerializeToElement(new MemoryAppend(path, items, maxItems, create), ClientJson.Default.MemoryAppend), null, idempotencyKey, cancel);

    private static string PinPath(string key) => $"{Pins}/{Escape(key)}";

    private static (string Header, string Value)? Condition(long? version) => version switch
    {
        null => null,
        0 => ("If-None-Match", "*"),
        { } one => ("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{one}\"")),
    };

    private async Task<MemoryPin> PinAsync(HttpMethod method, string path, JsonElement? body, long? ifVersion, string? idempotencyKey, CancellationToken cancel) =>
        Read(await SendAsync(method, path, body, idempotencyKey, Condition(ifVersion), cancel).ConfigureAwait(false), ClientJson.Default.MemoryPin);
}
