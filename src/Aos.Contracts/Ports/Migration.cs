namespace Aos.Contracts;

/// <summary>A numbered change of a room's tables. Forward only, and never changed once it was released.</summary>
/// <remarks>
/// Nodes of the build before work beside one that has migrated already. So a change is made in two releases: the first one
/// adds what the new code needs and leaves the old in place, a later one takes the old away and says <see cref="Breaks"/>.
/// </remarks>
/// <param name="Room">For instance <c>skills</c>.</param>
/// <param name="Number">From 1, without gaps within the room.</param>
/// <param name="Sql">
/// One text for both dialects where it can be, in SQLite's words: on PostgreSQL <c>BLOB</c> becomes <c>bytea</c>, <c>INTEGER</c>
/// <c>bigint</c>, <c>TEXT</c> a text in the order of its bytes, <c>WITHOUT ROWID</c> nothing and <c>AUTOINCREMENT</c> an identity.
/// </param>
public sealed record Migration(string Room, int Number, string Name, string Sql)
{
    /// <summary>The text on PostgreSQL, as it is run; null: <see cref="Sql"/> with its words replaced.</summary>
    public string? Postgres { get; init; }

    /// <summary>
    /// Builds that do not know this migration can't work after it. It is not run while nodes of other builds may be at work, and no
    /// later migration may need it.
    /// </summary>
    public bool Breaks { get; init; }

    /// <summary>
    /// Tables whose rows are the house's, though changed on behalf of tenants too: row-level security leaves them alone. All others with a
    /// column <c>tenant_id</c> or <c>run_id</c> have it on PostgreSQL.
    /// </summary>
    public IReadOnlyList<string> HouseTables { get; init; } = [];
}
