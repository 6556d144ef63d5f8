using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>
/// Tells those who watch a run what a model writes while it writes it, without secrets: what could be the beginning of one is held
/// back until it is known what it is. Whoever begins to watch in the middle gets what comes from then on.
/// </summary>
internal sealed class Teller(IDeltas deltas, TenantId tenant, RunId run, string step, EffectId? effect, string provider, string? key)
{
    /// <summary>Longest text told at once.</summary>
    internal const int PieceMax = 4_096;

    /// <summary>Nothing further is told of an answer that could be one secret for so long.</summary>
    internal const int HeldMax = 16 * 1024;

    private string held = "";
    private int number;
    private bool isOver;

    /// <summary>Null: nobody can watch this call.</summary>
    internal static Teller? Of(IDeltas? deltas, SkillCall call, string provider, string? key = null) =>
        deltas is not null && call is { Run: { } run, StepId: { } step } ? new Teller(deltas, call.Tenant, run, step, call.Effect, provider, key) : null;

    internal static Teller? Of(IDeltas? deltas, SkillCall call, ModelEndpoint endpoint) => Of(deltas, call, endpoint.Name, endpoint.Hidden);

    internal void Write(string text)
    {
        if (isOver || text.Length == 0) return;
        held += text;
        var cut = HeldBack.Cut(held, key);
        if (cut > 0)
        {
            Tell(held[..cut]);
            held = held[cut..];
        }

        if (held.Length > HeldMax) (isOver, held) = (true, "");
    }

    /// <summary>The answer is whole. What was held back of one that is not, is told to nobody.</summary>
    internal void End()
    {
        if (!isOver && held.Length > 0) Tell(held);
        (isOver, held) = (true, "");
    }

    internal void Whole(string text)
    {
        Write(text);
        End();
    }

    private void Tell(string text)
    {
        if (!deltas.IsWatched(run))
        {
            number++;
            return;
        }

        var shown = Redactor.RedactText(key is not null ? text.Replace(key, Redactor.Marker, StringComparison.Ordinal) : text);
        for (var at = 0; at < shown.Length;)
        {
            var length = Math.Min(PieceMax, shown.Length - at);
            if (at + length < shown.Length && char.IsHighSurrogate(shown[at + length - 1])) length--;
            deltas.Tell(new TextDelta(tenant, run, step, effect, provider, number++, shown.Substring(at, length)));
            at += length;
        }
    }
}
