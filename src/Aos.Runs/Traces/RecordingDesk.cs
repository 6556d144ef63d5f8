using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Makes and signs golden recordings.</summary>
internal sealed class RecordingDesk(ITraces traces, IKeyring keyring) : IRecordings
{
    public async Task<(SignedRecording? Recording, Failure? Refusal)?> RecordAsync(Caller caller, RunId id, CancellationToken cancel)
    {
        if (await traces.ReadAsync(caller, id, cancel) is not { } trace) return null;
        if (trace.State.End is null) return (null, FailureCatalog.Fail("INVALID_STATE", $"Run {id} is {trace.State.Status.Wire()}: it can be recorded when it is over."));
        var content = Recording.Of(trace.State, id, trace.ReplayOf is not null).ToBytes();
        var (line, key) = await SignAsync(content, cancel);
        return (new SignedRecording(id + Recording.Suffix, content, line, key), null);
    }

    public async Task<(string? Signature, string? KeyId, Failure? Refusal)> ResignAsync(ReadOnlyMemory<byte> content, string signature, CancellationToken cancel)
    {
        // Only what this house has signed: it must not put its name under what somebody else wrote.
        var trusted = (await keyring.PublicKeysAsync(cancel)).Select(key => key.Id).ToHashSet(StringComparer.Ordinal);
        var verdict = Recording.IsOne(content.Span) ? RecordingFile.Verify(content, signature, trusted, null) : TraceVerdict.Bad(TraceForms.Golden, 0, null, "It is no recording of AOS.");
        if (!verdict.Ok) return (null, null, FailureCatalog.Fail("INVALID_INPUT", $"The recording is not signed again: {verdict.Reason}"));
        var (line, key) = await SignAsync(content, cancel);
        return (line, key, null);
    }

    private async Task<(string Line, string Key)> SignAsync(ReadOnlyMemory<byte> content, CancellationToken cancel)
    {
        var (id, value) = await keyring.SignAsync(RecordingFile.Message(content.Span), cancel);
        var key = (await keyring.PublicKeysAsync(cancel)).First(key => key.Id == id);
        return (RecordingFile.SignatureLine(id, key.PublicKey, value), id);
    }
}
