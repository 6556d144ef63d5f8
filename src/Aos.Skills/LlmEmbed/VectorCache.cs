using System.Globalization;
using System.Runtime.InteropServices;
using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Skills;

/// <summary>
/// Vectors of texts, kept per tenant for 30 days: the same text is not asked for again of the same model. Only the text's hash is
/// kept, beside the answers to calls with a seed.
/// </summary>
internal sealed class VectorCache(Lazy<IDatabase?> store, TimeProvider clock)
{
    /// <summary>The vectors there are, by text.</summary>
    internal async Task<Dictionary<string, float[]>> FindAsync(TenantId tenant, EmbedRequest request, IReadOnlyCollection<string> texts, CancellationToken cancel)
    {
        var found = new Dictionary<string, float[]>(StringComparer.Ordinal);
        if (!request.Cache || store.Value is not { } database || texts.Count == 0) return found;
        var byKey = texts.ToDictionary(text => Key(request, text), StringComparer.Ordinal);
        var arguments = new { tenant = tenant.ToString(), questions = byKey.Keys.ToArray(), oldest = (clock.GetUtcNow() - AnswerCache.Lifetime).ToUnixTimeMilliseconds() };
        var rows = await database.For(tenant).ReadAsync((connection, token) => connection.QueryAsync<Row>(new CommandDefinition(
            $"SELECT question AS Question, answer AS Answer FROM model_answers WHERE tenant_id = @tenant AND question {(database.Dialect == Dialect.Postgres ? "= ANY(@questions)" : "IN @questions")} AND created_ms >= @oldest",
            arguments, cancellationToken: token)), cancel);
        foreach (var row in rows) found[byKey[row.Question]] = MemoryMarshal.Cast<byte, float>(Convert.FromBase64String(row.Answer)).ToArray();
        return found;
    }

    internal async Task KeepAsync(TenantId tenant, EmbedRequest request, IReadOnlyDictionary<string, float[]> vectors, CancellationToken cancel)
    {
        if (!request.Cache || store.Value is not { } database || vectors.Count == 0) return;
        var now = clock.GetUtcNow();
        var old = new { tenant = tenant.ToString(), oldest = (now - AnswerCache.Lifetime).ToUnixTimeMilliseconds() };
        var rows = vectors.Select(pair => new
        {
            tenant = tenant.ToString(), question = Key(request, pair.Key), answer = Convert.ToBase64String(MemoryMarshal.AsBytes<float>(pair.Value)), now = now.ToUnixTimeMilliseconds(),
        }).ToList();
        await database.For(tenant).WriteAsync((connection, transaction) =>
        {
            connection.Execute("DELETE FROM model_answers WHERE tenant_id = @tenant AND created_ms < @oldest", old, transaction);
            return connection.Execute(
                """
                INSERT INTO model_answers (tenant_id, question, answer, created_ms) VALUES (@tenant, @question, @answer, @now)
                ON CONFLICT (tenant_id, question) DO UPDATE SET answer = excluded.answer, created_ms = excluded.created_ms
                """,
                rows, transaction);
        }, cancel);
    }

    /// <summary>SHA-256 of everything that decides the vector.</summary>
    private static string Key(EmbedRequest request, string text) => ContentHash.Hex(Json.Write(writer =>
    {
        writer.WriteStartArray();
        writer.WriteStringValue("vector");
        writer.WriteStringValue(request.Provider);
        writer.WriteStringValue(request.Model);
        writer.WriteStringValue(request.Dimensions?.ToString(CultureInfo.InvariantCulture));
        writer.WriteStringValue(text);
        writer.WriteEndArray();
    }));

    private sealed record Row(string Question, string Answer);
}
