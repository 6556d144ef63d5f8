using Npgsql;

namespace Aos.Storage;

/// <summary>What an error of PostgreSQL means for whoever writes.</summary>
internal static class PostgresFailures
{
    /// <summary>Two transactions stood in each other's way: the same again, at once.</summary>
    internal static bool IsRace(Exception e) => e is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };

    /// <summary>
    /// The database as a whole cannot write now, or cannot be reached: classes 08 (connection), 53 (resources, disk full), 57 (shutting
    /// down), 58 (system), XX (internal), 25006 (read-only), 55P03 (lock timeout), and whatever broke the connection.
    /// </summary>
    internal static bool IsOutage(Exception e) => e switch
    {
        PostgresException known => known.SqlState is "25006" or "55P03" || known.SqlState[..2] is "08" or "53" or "57" or "58" or "XX",
        NpgsqlException or TimeoutException or System.Net.Sockets.SocketException or IOException or ObjectDisposedException => true,
        _ => false,
    };
}
