using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.App.Server;

/// <summary>Notes and hits on the wire.</summary>
internal static class RecallWire
{
    private const int Digits = 6;

    /// <summary>The members of a note.</summary>
    internal static void WriteNote(Utf8JsonWriter writer, Note note)
    {
        writer.WriteString("id", note.Id.ToString("D"));
        writer.WriteString("tenant_id", note.Tenant.Value);
        writer.WriteString("scope", note.Scope switch { NoteScope.Agent => "agent", NoteScope.Workflow => "workflow", _ => "tenant" });
        writer.WriteString("agent_id", note.Agent);
        writer.WriteString("workflow", note.Workflow);
        writer.WriteString("memory_type", note.Type);
        writer.WriteString("text", note.Text);
        if (note.Meta is { } meta)
        {
            writer.WritePropertyName("meta");
            meta.WriteTo(writer);
        }
        else
        {
            writer.WriteNull("meta");
        }

        writer.WriteNumber("importance", note.Importance);
        writer.WriteString("source", note.Source);
        writer.WriteString("trust", note.IsTrusted ? "trusted" : "untrusted");
        writer.WriteString("run_id", note.Run?.ToString());
        writer.WriteString("step_id", note.Step);
        writer.WriteString("created_at", note.CreatedAt.UtcDateTime);
        IdentityWire.WriteTime(writer, "expires_at", note.ExpiresAt);
        writer.WriteString("embedding_model", note.Model ?? HashEmbedding.Name);
    }

    internal static void Write(Utf8JsonWriter writer, RecallReply reply, bool explains)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("hits");
        foreach (var hit in reply.Hits)
        {
            writer.WriteStartObject();
            WriteNote(writer, hit.Note);
            writer.WriteNumber("score", Math.Round(hit.Score, Digits));
            if (explains) WriteReasons(writer, hit);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("count", reply.Hits.Count);
        writer.WriteString("model", reply.Model ?? HashEmbedding.Name);
        writer.WriteString("degraded", reply.Degraded);
        writer.WriteEndObject();
    }

    /// <summary>As the older engine answered: <c>meta</c> is the text of an object, or null.</summary>
    internal static void WriteRecalled(Utf8JsonWriter writer, Note note)
    {
        writer.WriteStartObject();
        writer.WriteString("id", note.Id.ToString("D"));
        writer.WriteString("text", note.Text);
        writer.WriteString("meta", note.Meta?.GetRawText());
        writer.WriteString("created_at", note.CreatedAt);
        writer.WriteEndObject();
    }

    private static void WriteReasons(Utf8JsonWriter writer, RecallHit hit)
    {
        writer.WriteStartObject("explain");
        foreach (var reason in hit.Reasons)
        {
            writer.WriteStartObject(reason.Channel switch { RecallChannel.FullText => "full_text", RecallChannel.Similarity => "similarity", _ => "built_in" });
            writer.WriteNumber("rank", reason.Rank);
            writer.WriteNumber("score", Math.Round(reason.Score, Digits));
            writer.WriteEndObject();
        }

        writer.WriteNumber("fused", Math.Round(hit.Fused, Digits));
        writer.WriteNumber("recency", Math.Round(hit.Recency, Digits));
        writer.WriteNumber("importance", hit.Note.Importance);
        writer.WriteEndObject();
    }
}
