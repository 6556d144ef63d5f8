using Aos.Contracts;
using Npgsql;

namespace Aos.Storage;

/// <summary>Says of an error at the door of the database what to do about it.</summary>
internal static class PostgresRefusal
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    /// <summary>Null: it is none of these.</summary>
    /// <param name="address">Host, port and database, without a password.</param>
    internal static Exception? Of(Exception e, string address) => e switch
    {
        PostgresException known when Advice(known) is { } advice => new StoreRefusedException($"The database {address} refuses: {known.MessageText}. {advice}", e),
        _ when PostgresFailures.IsOutage(e) => new JournalUnavailableException(
            $"The database {address} cannot be reached: {Reason(e)}. Check that the server is up, and host, port and sslmode in AOS_DATABASE_URL; `aos doctor` says more.", RetryAfter, e),
        _ => null,
    };

    private static string? Advice(PostgresException e) => e.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => "Check user and password in AOS_DATABASE_URL, and the server's pg_hba.conf.",
        PostgresErrorCodes.InvalidCatalogName => "Make it first: CREATE DATABASE ... OWNER ...",
        PostgresErrorCodes.InsufficientPrivilege => "The role needs to own its tables and to make new ones: GRANT CREATE ON SCHEMA public TO ..., or make it the owner of the database.",
        PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateColumn or PostgresErrorCodes.DuplicateObject =>
            "Something else than AOS made a table of this name: give AOS a database of its own.",
        PostgresErrorCodes.ProtocolViolation when e.MessageText.Contains("startup parameter", StringComparison.Ordinal) =>
            "PgBouncer refuses a parameter: unset PGOPTIONS, or add it to ignore_startup_parameters.",
        PostgresErrorCodes.ProtocolViolation when e.MessageText.Contains("statement pooling", StringComparison.Ordinal) =>
            "PgBouncer is in statement mode: set pool_mode = transaction.",
        _ => null,
    };

    private static string Reason(Exception e) => (e is NpgsqlException { InnerException: { } inner } ? inner.Message : e.Message).TrimEnd('.');
}
