using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A golden recording as a file and the signature beside it.</summary>
/// <param name="Signature">The line that goes into the signature file.</param>
public sealed record SignedRecording(string FileName, byte[] Content, string Signature, string KeyId);

/// <summary>Door of the runs room to golden recordings.</summary>
public interface IRecordings
{
    /// <summary>
    /// Records an ended run, or a replay of one, values redacted, and signs it. Null: unknown to this tenant. The failure: it is not over.
    /// Throws <see cref="JournalCorruptException"/> when its record is damaged.
    /// </summary>
    Task<(SignedRecording? Recording, Failure? Refusal)?> RecordAsync(Caller caller, RunId id, CancellationToken cancel);

    /// <summary>Signs a recording anew with the present key, if a key of this house has signed these very bytes before; the failure says why not.</summary>
    Task<(string? Signature, string? KeyId, Failure? Refusal)> ResignAsync(ReadOnlyMemory<byte> content, string signature, CancellationToken cancel);
}
