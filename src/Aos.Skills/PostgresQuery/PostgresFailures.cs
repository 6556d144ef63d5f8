using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;
using Npgsql;

namespace Aos.Skills;

/// <summary>What a server's refusal of a statement means.</summary>
internal static class PostgresFailures
{
    internal static Failure Of(SqlProblem problem) =>
        Told(problem.Code, problem.Reason, $"query, character {problem.Position}: {problem.Message}.", writer => writer.WriteNumber("position", problem.Position));

    /// <param name="ahead">Characters that stand before the statement in what was sent.</param>
    internal static Failure Of(PostgresException said, SqlText sql, int ahead)
    {
        var (code, reason) = said.SqlState == "0A000" && sql.NamesWrite ? ("PERMISSION_DENIED", "read_only") : Meaning(said.SqlState);
        var position = said.Position > ahead ? sql.Written(said.Position - ahead) : null;
        var place = position is { } at ? $", character {at}" : "";
        return Told(code, reason, $"query{place}: {said.MessageText} (SQLSTATE {said.SqlState}).", writer =>
        {
            writer.WriteString("sqlstate", said.SqlState);
            if (position is { } known) writer.WriteNumber("position", known);
            if (!string.IsNullOrEmpty(said.Hint)) writer.WriteString("hint", said.Hint);
        });
    }

    internal static Failure Told(string code, string reason, string message, Action<Utf8JsonWriter>? more = null) => FailureCatalog.Fail(code, message, null, Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("reason", reason);
        more?.Invoke(writer);
        writer.WriteEndObject();
    }));

    /// <summary>Without what a secret URL says of where the connection leads, and never with the password.</summary>
    internal static Failure Hidden(Failure failure, OpenConnection connection, PostgresPlace place)
    {
        var message = place.Password.Length == 0 ? failure.Message : failure.Message.Replace(place.Password, Redactor.Marker, StringComparison.Ordinal);
        if (connection.Settings.GetText("url") is null) return failure with { Message = message };
        var name = $"connection:{connection.Known.Name}";
        foreach (var (text, shown) in new[] { (place.Host, name), ($"\"{place.User}\"", "of the connection"), ($"\"{place.Database}\"", "of the connection") })
            message = message.Replace(text, shown, StringComparison.OrdinalIgnoreCase);
        return failure with { Message = message };
    }

    /// <summary>By the class of the state, its first two characters, where no state has a meaning of its own.</summary>
    private static (string Code, string Reason) Meaning(string state) => state switch
    {
        "25006" or "42P11" => ("PERMISSION_DENIED", "read_only"),
        "42501" => ("PERMISSION_DENIED", "privilege"),
        "57014" or "25P03" or "25P04" => ("TIMEOUT", "statement"),
        "55P03" => ("TIMEOUT", "lock"),
        "53400" => ("INVALID_INPUT", "statement"), // It needs more than the server's settings let one have: waiting does not help.
        "HV00N" => ("SERVICE_UNAVAILABLE", "foreign"),
        _ => Class(state.Length < 2 ? "" : state[..2]),
    };

    private static (string Code, string Reason) Class(string first) => first switch
    {
        "28" => ("PERMISSION_DENIED", "credentials"),
        "0L" or "0P" => ("PERMISSION_DENIED", "privilege"),
        "0B" or "25" or "2D" or "3B" => ("PERMISSION_DENIED", "transaction"),
        "08" => ("CONNECTION_RESET", "connection"),
        "53" => ("SERVICE_UNAVAILABLE", "resources"),
        "40" or "72" => ("SERVICE_UNAVAILABLE", "conflict"),
        "57" => ("SERVICE_UNAVAILABLE", "server"),
        "07" or "0A" or "20" or "21" or "22" or "23" or "26" or "3D" or "3F" or "42" or "44" or "54" => ("INVALID_INPUT", "statement"),
        "2F" or "38" or "39" or "P0" => ("INVALID_INPUT", "raised"),
        "55" => ("INVALID_STATE", "state"),
        "HV" => ("EXECUTION_ERROR", "foreign"),
        _ => ("EXECUTION_ERROR", "server"),
    };
}
