using Aos.Contracts;
using Aos.Kernel;
using Dapper;

namespace Aos.Memory;

/// <summary>How a tenant's notes stand: the number of its last change, how many there are, and behind which number removals are forgotten.</summary>
internal sealed record NoteState(long Changes, long Notes, long Floor);

/// <summary>Reads notes for searching.</summary>
internal sealed class NoteReader(IDatabase database, RecallOptions options)
{
    /// <summary>Behind every id: with a change it stands for all notes up to that change.</summary>
    private const string Last = "g";

    /// <summary>Notes of one read.</summary>
    internal int Page { get; init; } = 2_000;

    internal Task<NoteState> StateAsync(TenantId tenant, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => await connection.QuerySingleOrDefaultAsync<NoteState>(new CommandDefinition(
            "SELECT changes AS Changes, notes AS Notes, floor AS Floor FROM memory_changes WHERE tenant_id = @tenant", new { tenant = tenant.Value }, cancellationToken: token)) ?? new NoteState(0, 0, 0),
        cancel);

    /// <summary>Removals behind a change, in their order.</summary>
    internal Task<List<(long Change, Guid Id)>> GoneAsync(TenantId tenant, long after, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) => (await connection.QueryAsync<(long Change, string Id)>(new CommandDefinition(
            "SELECT change, id FROM memory_gone WHERE tenant_id = @tenant AND change > @after ORDER BY change", new { tenant = tenant.Value, after }, cancellationToken: token)))
            .Select(row => (row.Change, Guid.ParseExact(row.Id, "D"))).ToList(),
        cancel);

    /// <summary>At most <see cref="Page"/> notes behind a change, in the order of their changes, and by id where one change touched several.</summary>
    /// <param name="from">The last note of the read before; null: the first read.</param>
    /// <param name="withVectors">False: only what words need.</param>
    internal Task<List<LoadedNote>> NotesAsync(TenantId tenant, long after, NoteRow? from, bool withVectors, CancellationToken cancel) => database.For(tenant).ReadAsync(
        async (connection, token) =>
        {
            var vectors = withVectors ? "m.embedding AS BuiltIn, m.embedding_model AS BuiltInModel, v.vector AS Vector" : "NULL AS BuiltIn, NULL AS BuiltInModel, NULL AS Vector";
            var rows = await connection.QueryAsync<Row>(new CommandDefinition(
                $"""
                SELECT m.id AS Id, m.change AS Change, m.scope AS Scope, m.agent_id AS Agent, m.workflow AS Workflow, m.memory_type AS Type, m.source AS Source, m.run_id AS Run, m.importance AS Importance,
                  m.created_at AS CreatedAt, m.expires_at AS ExpiresAt, m.text AS Text, {vectors}
                FROM memories m LEFT JOIN memory_vectors v ON v.tenant_id = m.tenant_id AND v.model = @model AND v.memory_id = m.id AND v.state = 1
                WHERE m.tenant_id = @tenant AND (m.change, m.id) > (@after, @id) ORDER BY m.change, m.id LIMIT @page
                """,
                new { tenant = tenant.Value, model = options.ModelName, after = from?.Change ?? after, id = from?.Id.ToString("D") ?? Last, page = Page }, cancellationToken: token));
            return rows.Select(row => row.ToNote(withVectors)).ToList();
        },
        cancel);

    private sealed record Row
    {
        public string Id { get; init; } = "";
        public long Change { get; init; }
        public string Scope { get; init; } = "";
        public string? Agent { get; init; }
        public string? Workflow { get; init; }
        public string Type { get; init; } = "";
        public string Source { get; init; } = "";
        public string? Run { get; init; }
        public double Importance { get; init; }
        public long CreatedAt { get; init; }
        public long? ExpiresAt { get; init; }
        public string Text { get; init; } = "";
        public byte[]? BuiltIn { get; init; }
        public string? BuiltInModel { get; init; }
        public byte[]? Vector { get; init; }

        internal LoadedNote ToNote(bool withVectors)
        {
            var words = RecallWords.Of(Text);
            var row = new NoteRow(
                Guid.ParseExact(Id, "D"), Change, NoteColumns.ScopeOf(Scope), Kept(Agent), Kept(Workflow), Kept(Type)!, Kept(Source)!, Run is null ? null : Guid.ParseExact(Run, "D"),
                Importance, CreatedAt, ExpiresAt, new RecallTerms(words));
            if (!withVectors) return new LoadedNote(row, [], null);
            // A vector of another way to make them is made anew: there is nothing in it that the text has not.
            var builtIn = BuiltInModel == HashEmbedding.Name ? NoteColumns.Floats(BuiltIn!) : HashEmbedding.Of(words);
            return new LoadedNote(row, builtIn, Vector is null ? null : NoteColumns.Floats(Vector));
        }

        /// <summary>One copy of what many notes have.</summary>
        private static string? Kept(string? text) => text is null ? null : string.Intern(text);
    }
}
