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

/// <summary>Notes side by side, with their vectors. Grows up to <see cref="Size"/> notes.</summary>
internal sealed class NoteBlock
{
    internal const int Size = 4_096;

    private const int First = 64;
    private bool[] hasVector = new bool[First];
    private NoteRow[] rows = new NoteRow[First];
    private VectorPlane? vectors;

    internal ReadOnlySpan<NoteRow> Rows => rows.AsSpan(0, Count);

    internal VectorPlane BuiltIn { get; } = new(HashEmbedding.DimensionsDefault, First);

    internal int Count { get; private set; }

    internal bool IsFull => Count == Size;

    /// <summary>Bytes of its vectors.</summary>
    internal long Bytes => BuiltIn.Bytes + (vectors?.Bytes ?? 0);

    /// <summary>The model's vectors, where the note has one of this length; else null.</summary>
    internal VectorPlane? Vectors(int slot, int length) => hasVector[slot] && vectors!.Dimensions == length ? vectors : null;

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
        if (note.BuiltIn.Length > 0) BuiltIn.Put(slot, note.BuiltIn);
        hasVector[slot] = false;
        if (note.Vector is not { } vector) return;
        vectors ??= new VectorPlane(vector.Length, rows.Length);
        if (vector.Length != vectors.Dimensions) return; // Of a model that gave other vectors before: the note is found by its words.
        vectors.Put(slot, vector);
        hasVector[slot] = true;
    }

    /// <summary>Takes the last note away.</summary>
    internal LoadedNote Taken()
    {
        Count--;
        var note = new LoadedNote(rows[Count], BuiltIn[Count].ToArray(), hasVector[Count] ? vectors![Count].ToArray() : null);
        rows[Count] = null!;
        return note;
    }

    private void Grow()
    {
        var capacity = rows.Length * 2;
        Array.Resize(ref rows, capacity);
        Array.Resize(ref hasVector, capacity);
        BuiltIn.Grow(capacity);
        vectors?.Grow(capacity);
    }
}
