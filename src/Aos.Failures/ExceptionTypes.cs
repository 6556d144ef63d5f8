namespace Aos.Failures;

/// <summary>What the type of an exception says: of .NET, and of the Python agents that report theirs.</summary>
internal static class ExceptionTypes
{
    private static readonly Dictionary<string, string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["TimeoutException"] = "TIMEOUT", ["TimeoutError"] = "TIMEOUT", ["ReadTimeout"] = "TIMEOUT", ["ConnectTimeout"] = "TIMEOUT", ["TaskCanceledException"] = "TIMEOUT",
        ["ConnectionResetError"] = "CONNECTION_RESET", ["BrokenPipeError"] = "CONNECTION_RESET", ["ConnectionError"] = "CONNECTION_RESET", ["EndOfStreamException"] = "CONNECTION_RESET",
        ["ConnectionRefusedError"] = "CONNECTION_REFUSED", ["gaierror"] = "DNS_FAILURE", ["AuthenticationException"] = "TLS_FAILURE", ["SSLError"] = "TLS_FAILURE",
        ["UnauthorizedAccessException"] = "PERMISSION_DENIED", ["SecurityException"] = "PERMISSION_DENIED", ["PermissionError"] = "PERMISSION_DENIED",
        ["NpgsqlException"] = "STORE_UNAVAILABLE", ["PostgresException"] = "STORE_UNAVAILABLE", ["SqliteException"] = "STORE_UNAVAILABLE", ["OperationalError"] = "STORE_UNAVAILABLE",
        ["InterfaceError"] = "STORE_UNAVAILABLE", ["DatabaseError"] = "STORE_UNAVAILABLE", ["PostgresError"] = "STORE_UNAVAILABLE", ["RedisError"] = "STORE_UNAVAILABLE",
        ["RedisConnectionException"] = "STORE_UNAVAILABLE", ["ResponseError"] = "STORE_UNAVAILABLE", ["IntegrityError"] = "IDEMPOTENCY_CONFLICT",
        ["JsonException"] = "INVALID_INPUT", ["JSONDecodeError"] = "INVALID_INPUT", ["SerializationError"] = "INVALID_INPUT", ["FormatException"] = "INVALID_INPUT",
        ["ArgumentException"] = "INVALID_INPUT", ["ArgumentOutOfRangeException"] = "INVALID_INPUT", ["ValueError"] = "INVALID_INPUT", ["TypeError"] = "INVALID_INPUT", ["ValidationError"] = "INVALID_INPUT",
        ["ArgumentNullException"] = "MISSING_REQUIRED_FIELD", ["KeyError"] = "MISSING_REQUIRED_FIELD", ["KeyNotFoundException"] = "DATA_NOT_FOUND",
        ["FileNotFoundException"] = "FILE_NOT_FOUND", ["DirectoryNotFoundException"] = "FILE_NOT_FOUND", ["FileNotFoundError"] = "FILE_NOT_FOUND",
        ["OperationCanceledException"] = "CANCELLED", ["CancelledError"] = "CANCELLED",
    };

    /// <summary>Types that say only where it happened; the text tells more.</summary>
    private static readonly HashSet<string> Vague = new(StringComparer.OrdinalIgnoreCase) { "ValueError", "TypeError", "ArgumentException", "ConnectionError", "IntegrityError", "DatabaseError" };

    /// <param name="type">With or without its namespace.</param>
    /// <param name="text">What it says; a vague type gives way to it.</param>
    internal static string? Find(string type, string? text)
    {
        var name = type[(type.LastIndexOf('.') + 1)..].Trim();
        if (!Known.TryGetValue(name, out var code)) return null;
        return text is not null && Vague.Contains(name) && Phrases.Find(text) is not null ? null : code;
    }
}
