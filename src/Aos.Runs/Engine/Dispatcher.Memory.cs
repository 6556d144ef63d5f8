using System.Collections.Immutable;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>How what a step reads of the memory comes to its run.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>Bytes that one step may read: they are journaled in one event.</summary>
    private const int MemoryBytesMax = 4 * 1024 * 1024;

    /// <summary>Reads once; a database that does not answer is asked again. What comes for a run that has left memory is dropped: whoever goes on with it reads anew.</summary>
    private async Task ReadMemoryAsync(LiveRun run, ReadMemory read)
    {
        var command = new RecordMemory(read.Id, [], memory is { IsOn: true } ? null : FailureCatalog.Fail("NOT_AVAILABLE", "This house has no memory."));
        try
        {
            if (memory is { IsOn: true }) await engine.InsistAsync(async () => command = await ReadAsync(run, read, memory));
        }
        catch (OperationCanceledException)
        {
            return; // Stopping: nothing of it is on record, so the next process reads.
        }

        run.Post(new Letter(command, 0, null));
    }

    private async Task<RecordMemory> ReadAsync(LiveRun run, ReadMemory read, IMemory from)
    {
        var values = await from.ReadAsync(run.State.Start!.Tenant, $"run:{run.State.Start.Run}", read.Keys, engine.Stopping);
        var bytes = values.Sum(value => (long)(value?.Value.Bytes() ?? 0));
        return bytes > MemoryBytesMax
            ? new RecordMemory(read.Id, [], FailureCatalog.Fail("INPUT_TOO_LARGE", $"What the step reads of the memory has {bytes} bytes, {MemoryBytesMax} are the most."))
            : new RecordMemory(read.Id, [.. values.Select((value, at) => new MemoryEntry(read.Keys[at], value?.Value))], null);
    }
}
