using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>What is hidden in a note before it is written.</summary>
internal sealed record NoteRedaction(Redaction Level);

/// <summary>Checks what is to be kept, and makes it ready: redacted, screened, hashed, with its built-in vector.</summary>
internal sealed class NoteRules(NoteRedaction redaction)
{
    private const int NameMax = 64;
    private const int IdMax = 256;
    private const int MetaBytesMax = 16 * 1024;
    private const int TtlSecondsMax = 315_360_000;

    internal static Failure? Problem(NoteWish wish)
    {
        if (wish.Text.Trim().Length == 0) return Wrong("text: a note has something in it.");
        if (wish.Text.Length > IRecall.TextMax) return FailureCatalog.Fail("INPUT_TOO_LARGE", $"text: {wish.Text.Length} characters, {IRecall.TextMax} are the most.");
        if (wish.Scope == NoteScope.Agent && wish.Agent is null) return Wrong("agent_id: a note of scope agent is an agent's.");
        if (wish.Scope == NoteScope.Workflow && wish.Workflow is null) return Wrong("workflow: a note of scope workflow is a workflow's.");
        if (wish.Agent is { Length: 0 or > IdMax }) return Wrong($"agent_id: 1 to {IdMax} characters.");
        if (wish.Workflow is { Length: 0 or > IdMax }) return Wrong($"workflow: 1 to {IdMax} characters.");
        if (wish.Type.Length is 0 or > NameMax) return Wrong($"memory_type: 1 to {NameMax} characters.");
        if (wish.Source.Length is 0 or > NameMax) return Wrong($"source: 1 to {NameMax} characters.");
        if (wish.Step is { Length: 0 or > IdMax }) return Wrong($"step_id: 1 to {IdMax} characters.");
        if (!(wish.Importance is >= 0 and <= 1)) return Wrong("importance: a number from 0 to 1.");
        if (wish.TtlSeconds is < 1 or > TtlSecondsMax) return Wrong($"ttl_seconds: a whole number from 1 to {TtlSecondsMax}.");
        if (wish.Meta is not { } meta) return null;
        if (meta.ValueKind != System.Text.Json.JsonValueKind.Object) return Wrong("meta: an object.");
        return meta.Bytes() > MetaBytesMax ? FailureCatalog.Fail("INPUT_TOO_LARGE", $"meta: {meta.Bytes()} bytes, {MetaBytesMax} are the most.") : null;
    }

    internal NoteDraft Draft(NoteWish wish)
    {
        var text = Redactor.RedactText(wish.Text, redaction.Level);
        var meta = wish.Meta is { } given ? CanonicalJson.Text(Redactor.RedactAll(given, redaction.Level)) : null;
        var isTrusted = wish.IsTrusted && InjectionScreen.Screen(text).Verdict == ScreenVerdict.Clean;
        return new NoteDraft(wish, text, meta, isTrusted, HashOf(wish, text), HashEmbedding.Of(text));
    }

    /// <summary>Where a note is for, and what it says.</summary>
    private static string HashOf(NoteWish wish, string text)
    {
        var place = wish.Scope switch { NoteScope.Agent => wish.Agent!, NoteScope.Workflow => wish.Workflow!, _ => "" };
        return ContentHash.Hex(Encoding.UTF8.GetBytes($"{NoteColumns.TextOf(wish.Scope)}\n{Uri.EscapeDataString(place)}\n{text}"));
    }

    private static Failure Wrong(string message) => FailureCatalog.Fail("INVALID_INPUT", message);
}
