using System.Reflection;

namespace Aos.Integration.Tests.Budgets;

/// <summary>A process: once it is dead, nothing it asks of the store is done or answered. What is under way at its death is done, and answers nobody.</summary>
internal sealed class Life
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource died = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int busy;

    internal Task Died => died.Task;

    internal bool IsOver => died.Task.IsCompleted;

    /// <summary>Ends the process, and waits until the store has done the last that it asked for. False: it was dead already.</summary>
    internal async Task<bool> EndAsync()
    {
        lock (gate)
        {
            if (!died.TrySetResult()) return false;
            if (busy == 0) quiet.TrySetResult();
        }

        await quiet.Task;
        return true;
    }

    internal static Task Never() => new TaskCompletionSource().Task;

    internal async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        if (!Enter()) await Never();
        T answer;
        try
        {
            answer = await ask();
        }
        finally
        {
            Leave();
        }

        if (IsOver) await Never();
        return answer;
    }

    private bool Enter()
    {
        lock (gate)
        {
            if (IsOver) return false;
            busy++;
            return true;
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            if (--busy == 0 && IsOver) quiet.TrySetResult();
        }
    }
}

/// <summary>A port of the store as one process sees it: every method gives a task.</summary>
public class Mortal<T> : DispatchProxy
    where T : class
{
    private static readonly MethodInfo Asking = typeof(Mortal<T>).GetMethod(nameof(AskAsync), BindingFlags.NonPublic | BindingFlags.Instance)!;
    private T inner = null!;
    private Life life = null!;

    internal static T Of(T inner, Life life)
    {
        var proxy = Create<T, Mortal<T>>();
        ((Mortal<T>)(object)proxy).inner = inner;
        ((Mortal<T>)(object)proxy).life = life;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var answer = targetMethod!.ReturnType;
        return answer == typeof(Task)
            ? AskAsync<bool>(targetMethod, args, static async task => { await task; return true; })
            : Asking.MakeGenericMethod(answer.GenericTypeArguments[0]).Invoke(this, [targetMethod, args, null]);
    }

    private Task<TAnswer> AskAsync<TAnswer>(MethodInfo method, object?[]? args, Func<Task, Task<TAnswer>>? finish) => life.AskAsync(() =>
    {
        var task = (Task)method.Invoke(inner, args)!;
        return finish is null ? (Task<TAnswer>)task : finish(task);
    });
}
