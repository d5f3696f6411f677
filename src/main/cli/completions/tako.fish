# Completion of tako in fish. To have it, once:
#   mkdir -p ~/.config/fish/completions && tako completions fish > ~/.config/fish/completions/tako.fish
#
# It asks "tako __complete" which words fit. What that answers is compared and copied, and never evaluated.

function __tako_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l answer (command tako __complete fish $words "$current" 2>/dev/null)
    switch "$answer[1]"
        case words
            set -e answer[1]
            string join -- \n $answer
        case 'files*'
            set -l before (string replace -- 'files ' '' $answer[1])
            set -l path (string sub -s (math 1 + (string length -- "$before")) -- "$current")
            printf '%s\n' $before(__fish_complete_path "$path")
        case 'program*'
            set -l begin (math 1 + (string replace -- 'program ' '' $answer[1]))
            set -l program
            test $begin -le (count $words); and set program (string escape -- $words[$begin..-1])
            complete -C (string join -- ' ' $program "$current")
    end
end

complete -c tako -f -a '(__tako_complete)'
