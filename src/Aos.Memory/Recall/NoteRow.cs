using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Memory;

/// <summary>What is kept in memory of a note, but for its vectors: enough to find it and to say in which order.</summary>
internal sealed record NoteRow(
    Guid Id, long Change, NoteScope Scope, string? Agent, string? Workflow, string Type, string Source, Guid? Run, double Importance, long CreatedAt, long? ExpiresAt, RecallTerms Terms)
{
    /// <summary>Bytes it takes beside its vectors, about.</summary>
    internal const int BytesAbout = 320;

    /// <summary>Where it lies in its block.</summary>
    internal int Slot { get; set; }

    /// <summary>The better answer of two with the same score: the newer, then by id.</summary>
    internal static int Compare(NoteRow a, NoteRow b) => a.CreatedAt != b.CreatedAt ? b.CreatedAt.CompareTo(a.CreatedAt) : a.Id.CompareTo(b.Id);
}

/// <summary>A note as it comes from the store.</summary>
/// <param name="Vector">Of the configured model, of length 1; null: there is none yet.</param>
internal sealed record LoadedNote(NoteRow Row, float[] BuiltIn, float[]? Vector);

/// <summary>Notes side by side, their vectors in one piece of memory each. Grows up to <see cref="Size"/> notes.</summary>
internal sealed class NoteBlock
{
    internal const int Size = 4_096;

    private const int First = 64;
    private float[] builtIn = new float[First * HashEmbedding.DimensionsDefault];
    private bool[] hasVector = new bool[First];
    private NoteRow[] rows = new NoteRow[First];
    private float[]? vectors;
    private int dimensions;

    internal ReadOnlySpan<NoteRow> Rows => rows.AsSpan(0, Count);

    internal int Count { get; private set; }

    internal bool IsFull => Count == Size;

    /// <summary>Bytes of its vectors.</summary>
    internal long Bytes => (builtIn.Length + (vectors?.Length ?? 0)) * (long)sizeof(float);

    internal ReadOnlySpan<float> BuiltIn(int slot) => builtIn.AsSpan(slot * HashEmbedding.DimensionsDefault, HashEmbedding.DimensionsDefault);

    /// <summary>Empty: the note has none, or one of another length.</summary>
    internal ReadOnlySpan<float> Vector(int slot, int length) => hasVector[slot] && length == dimensions ? vectors.AsSpan(slot * dimensions, dimensions) : default;

    internal void Add(LoadedNote note)
    {
        if (Count == rows.Length) Grow();
        Put(Count, note);
        Count++;
    }

    internal void Put(int slot, LoadedNote note)
    {
        note.Row.Slot = slot;
        rows[slot] = note.Row;
        note.BuiltIn.CopyTo(builtIn.AsSpan(slot * HashEmbedding.DimensionsDefault));
        hasVector[slot] = false;
        if (note.Vector is not { } vector) return;
        if (vectors is null) (vectors, dimensions) = (new float[rows.Length * vector.Length], vector.Length);
        if (vector.Length != dimensions) return; // Of a model that gave other vectors before: it is asked for anew by nobody, and found by its words.
        vector.CopyTo(vectors.AsSpan(slot * dimensions));
        hasVector[slot] = true;
    }

    /// <summary>Takes the last note away; whoever needs it has it from <see cref="Taken"/>.</summary>
    internal LoadedNote Taken()
    {
        Count--;
        var row = rows[Count];
        var note = new LoadedNote(row, BuiltIn(Count).ToArray(), hasVector[Count] ? vectors.AsSpan(Count * dimensions, dimensions).ToArray() : null);
        rows[Count] = null!;
        return note;
    }

    private void Grow()
    {
        var capacity = rows.Length * 2;
        Array.Resize(ref rows, capacity);
        Array.Resize(ref hasVector, capacity);
        Array.Resize(ref builtIn, capacity * HashEmbedding.DimensionsDefault);
        if (vectors is not null) Array.Resize(ref vectors, capacity * dimensions);
    }
}
