namespace Aos.Kernel;

/// <summary>Misfits as a failure.</summary>
public static class SchemaFailure
{
    /// <summary>A failure that tells the first problem in its message and all in <c>details.problems</c> (path, keyword, message).</summary>
    public static Failure Of(string code, IReadOnlyList<SchemaProblem> problems) =>
        FailureCatalog.Fail(code, problems.Count == 1 ? problems[0].ToString() : $"{problems[0]} And {problems.Count - 1} more.", null, Json.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("problems");
            foreach (var problem in problems)
            {
                writer.WriteStartObject();
                writer.WriteString("path", problem.Path);
                writer.WriteString("keyword", problem.Keyword);
                writer.WriteString("message", problem.Message);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }));
}
