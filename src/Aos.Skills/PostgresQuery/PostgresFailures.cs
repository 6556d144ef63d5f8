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
        var message = failure.Message.Replace(place.Password, Redactor.Marker, StringComparison.Ordinal);
        if (connection.Settings.GetText("url") is null) return failure with { Message = message };
        var name = $"connection:{connection.Known.Name}";
        foreach (var (text, shown) in new[] { (place.Host, name), ($"\"{place.User}\"", "of the connection"), ($"\"{place.Database}\"", "of the connection") })
            message = message.Replace(text, shown, StringComparison.OrdinalIgnoreCase);
        return failure with { Message = message };
    }

    private static (string Code, string Reason) Meaning(string state) => state switch
    {
        "25006" or "42P11" => ("PERMISSION_DENIED", "read_only"),
        "42501" => ("PERMISSION_DENIED", "privilege"),
        ['2', '8', ..] => ("PERMISSION_DENIED", "credentials"),
        "57014" or "25P03" or "25P04" => ("TIMEOUT", "statement"),
        "55P03" => ("TIMEOUT", "lock"),
        ['0', '8', ..] => ("CONNECTION_RESET", "connection"),
        ['5', '3', ..] or ['5', '7', 'P', ..] or ['4', '0', ..] => ("SERVICE_UNAVAILABLE", "server"),
        ['0', '7', ..] or ['0', 'A', ..] or ['2', '0', ..] or ['2', '1', ..] or ['2', '2', ..] or ['2', '6', ..] or ['3', 'F', ..] or ['4', '2', ..] or ['5', '4', ..] => ("INVALID_INPUT", "statement"),
        _ => ("EXECUTION_ERROR", "server"),
    };
}
