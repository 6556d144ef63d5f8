using System.Threading.Channels;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>A piece of what a model writes, told while it writes it. It stands in no journal: the answer does.</summary>
/// <param name="StepId">The step that asks.</param>
/// <param name="Effect">Its call, as the events of the run name it.</param>
/// <param name="Provider">Who writes.</param>
/// <param name="Number">Counts from 0 in every answer: at 0 one begins, and where one is missing something was left out.</param>
/// <param name="Text">Without secrets.</param>
public sealed record TextDelta(TenantId Tenant, RunId Run, string StepId, EffectId? Effect, string Provider, int Number, string Text)
{
    /// <summary>The number of the latest event of the run when it was told: it comes after that one.</summary>
    public int After { get; init; }
}

/// <summary>Brings pieces of text from those who hear them to those who watch the run, within this process. Nobody waits for anybody.</summary>
public interface IDeltas
{
    bool IsWatched(RunId run);

    /// <summary>Who does not read fast enough loses it.</summary>
    void Tell(TextDelta delta);

    IDeltaWatch Watch(TenantId tenant, RunId run);
}

/// <summary>One who watches, until it is disposed.</summary>
public interface IDeltaWatch : IDisposable
{
    ChannelReader<TextDelta> Deltas { get; }
}
