namespace Aos.Kernel;

/// <summary>Finds subschemas that judge a value by themselves again without going into it.</summary>
internal static class SchemaLoops
{
    internal static void Find(IEnumerable<SchemaNode> nodes, SchemaText text)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in nodes)
        {
            if (done.Contains(start.Pointer)) continue;
            if (Loop(start, done) is not { } at) continue;
            text.Problem(at.Pointer, "$ref", "leads back to itself");
            return;
        }
    }

    private static SchemaNode? Loop(SchemaNode start, HashSet<string> done)
    {
        var open = new HashSet<string>(StringComparer.Ordinal) { start.Pointer };
        var stack = new Stack<(SchemaNode Node, int Next)>();
        stack.Push((start, 0));
        while (stack.TryPop(out var top))
        {
            if (top.Next == top.Node.InPlace.Count)
            {
                open.Remove(top.Node.Pointer);
                done.Add(top.Node.Pointer);
                continue;
            }

            stack.Push((top.Node, top.Next + 1));
            var next = top.Node.InPlace[top.Next];
            if (open.Contains(next.Pointer)) return next;
            if (done.Contains(next.Pointer)) continue;
            open.Add(next.Pointer);
            stack.Push((next, 0));
        }

        return null;
    }
}
