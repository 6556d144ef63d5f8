using System.Data.Common;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Skills;

/// <summary>
/// Answers to calls with a seed, kept per tenant for <see cref="Lifetime"/>: the same question with the same seed is
/// answered again without the provider, and costs nothing. Only the prompt's hash is kept. What was asked for lately is also in the
/// memory that nodes share, so that the store is not asked.
/// </summary>
internal sealed class AnswerCache(Lazy<IDatabase?> store, TimeProvider clock, ISharedCache? memory = null)
{
    internal static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);

    private const string Purpose = "model_answers";
    private static readonly TimeSpan InMemory = TimeSpan.FromHours(1);

    internal static Migration Table { get; } = new("models", 1, "answers", """
        CREATE TABLE model_answers (
            tenant_id TEXT NOT NULL,
            question TEXT NOT NULL,
            answer TEXT NOT NULL,
            created_ms BIGINT NOT NULL,
            PRIMARY KEY (tenant_id, question)
        );
        CREATE INDEX model_answers_by_age ON model_answers (tenant_id, created_ms);
        """);

    internal async Task<ModelReply?> FindAsync(TenantId tenant, ModelRequest request, CancellationToken cancel)
    {
        if (request.Seed is null || store.Value is not { } database) return null;
        var key = Key(request);
        if (memory is { IsThere: true } && await memory.FindAsync(tenant, Purpose, key, cancel) is { } known) return new ModelReply(Draft(Json.Parse(known)));
        var arguments = new { tenant = tenant.ToString(), question = key, oldest = (clock.GetUtcNow() - Lifetime).ToUnixTimeMilliseconds() };
        var text = await database.For(tenant).ReadAsync((connection, token) => connection.QueryFirstOrDefaultAsync<string>(new CommandDefinition(
            "SELECT answer FROM model_answers WHERE tenant_id = @tenant AND question = @question AND created_ms >= @oldest", arguments, cancellationToken: token)), cancel);
        if (text is null) return null;
        await RememberAsync(tenant, key, text, cancel);
        return new ModelReply(Draft(Json.Parse(text)));
    }

    internal async Task KeepAsync(TenantId tenant, ModelRequest request, AnswerDraft draft, CancellationToken cancel)
    {
        if (request.Seed is null || store.Value is not { } database) return;
        var now = clock.GetUtcNow();
        var arguments = new
        {
            tenant = tenant.ToString(), question = Key(request), answer = Text(request, draft),
            now = now.ToUnixTimeMilliseconds(), oldest = (now - Lifetime).ToUnixTimeMilliseconds(),
        };
        await database.For(tenant).WriteAsync((connection, transaction) =>
        {
            connection.Execute("DELETE FROM model_answers WHERE tenant_id = @tenant AND created_ms < @oldest", arguments, transaction);
            return connection.Execute(
                """
                INSERT INTO model_answers (tenant_id, question, answer, created_ms) VALUES (@tenant, @question, @answer, @now)
                ON CONFLICT (tenant_id, question) DO UPDATE SET answer = excluded.answer, created_ms = excluded.created_ms
                """,
                arguments, transaction);
        }, cancel);
        await RememberAsync(tenant, arguments.question, arguments.answer, cancel);
    }

    private async Task RememberAsync(TenantId tenant, string key, string answer, CancellationToken cancel)
    {
        if (memory is { IsThere: true }) await memory.KeepAsync(tenant, Purpose, key, Encoding.UTF8.GetBytes(answer), InMemory, cancel);
    }

    /// <summary>SHA-256 of everything that decides the answer.</summary>
    private static string Key(ModelRequest request) => ContentHash.Hex(Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("provider", request.Provider);
        writer.WriteString("model", request.Model);
        writer.WriteString("system", request.System);
        writer.WriteStartArray("messages");
        foreach (var message in request.Messages)
        {
            writer.WriteStringValue(message.Role);
            writer.WriteStringValue(message.Content);
            if (message.ToolCallId is not null || !message.ToolCalls.IsEmpty) WriteLinks(writer, message);
        }

        writer.WriteEndArray();
        writer.WriteNumber("seed", request.Seed!.Value);
        writer.WriteNumber("max_tokens", request.MaxTokens);
        writer.WriteString("temperature", request.Temperature?.ToString(CultureInfo.InvariantCulture));
        writer.WriteStartArray("stop");
        foreach (var stop in request.Stop) writer.WriteStringValue(stop);
        writer.WriteEndArray();
        if (request.Shape is { } shape)
        {
            writer.WritePropertyName("shape");
            shape.Source.WriteTo(writer);
        }

        if (!request.Tools.IsEmpty || request.Choice.Use != ToolUse.Auto) WriteTools(writer, request);
        writer.WriteEndObject();
    }));

    private static void WriteLinks(Utf8JsonWriter writer, ChatMessage message)
    {
        writer.WriteStartArray();
        writer.WriteStringValue(message.ToolCallId);
        writer.WriteBooleanValue(message.IsError);
        foreach (var call in message.ToolCalls)
        {
            writer.WriteStringValue(call.Id);
            writer.WriteStringValue(call.Name);
            call.Arguments.WriteTo(writer);
        }

        writer.WriteEndArray();
    }

    private static void WriteTools(Utf8JsonWriter writer, ModelRequest request)
    {
        writer.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            writer.WriteStringValue(tool.Name);
            writer.WriteStringValue(tool.Description);
            tool.Input.Source.WriteTo(writer);
        }

        writer.WriteEndArray();
        writer.WriteString("tool_choice", $"{request.Choice.Use} {request.Choice.Name}");
    }

    private static string Text(ModelRequest request, AnswerDraft draft) => Json.Write(writer =>
    {
        var (usage, _) = draft.Usage(request);
        writer.WriteStartObject();
        writer.WriteString("text", draft.Text.ToString());
        writer.WriteString("model", draft.Model ?? request.Model);
        writer.WriteNumber("input_tokens", usage.Input);
        writer.WriteNumber("output_tokens", usage.Output);
        writer.WriteString("finish_reason", draft.FinishReason);
        if (draft.Calls.Count > 0)
        {
            writer.WriteStartArray("calls");
            foreach (var call in draft.Calls)
            {
                writer.WriteStartObject();
                writer.WriteString("id", call.Id);
                writer.WriteString("name", call.Name);
                writer.WriteString("arguments", call.Arguments.ToString());
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }).GetRawText();

    private static AnswerDraft Draft(JsonElement kept)
    {
        var draft = new AnswerDraft
        {
            Model = kept.GetText("model"), FinishReason = kept.GetText("finish_reason"), Done = true,
            InputTokens = kept.GetProperty("input_tokens").GetInt64(), OutputTokens = kept.GetProperty("output_tokens").GetInt64(),
        };
        draft.Text.Append(kept.GetText("text"));
        if (kept.Get("calls") is not { } calls) return draft;
        foreach (var entry in calls.EnumerateArray())
        {
            var call = new CallDraft { Id = entry.GetText("id"), Name = entry.GetText("name") };
            call.Arguments.Append(entry.GetText("arguments"));
            draft.Calls.Add(call);
        }

        return draft;
    }
}
