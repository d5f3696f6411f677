#compdef tako
# Completion of tako in zsh. To have it, in ~/.zshrc before compinit: fpath+=(~/.zsh/completions), and once:
#   mkdir -p ~/.zsh/completions && tako completions zsh > ~/.zsh/completions/_tako
# or, behind compinit: source <(tako completions zsh)
#
# It asks "tako __complete" which words fit. What that answers is compared and copied, and never evaluated.

_tako() {
  local -a answer entries
  local line word tab=$'\t'
  local -i at
  answer=("${(@f)$(command tako __complete zsh "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  case $answer[1] in
    (files*)
      [[ -n ${answer[1]#files } ]] && compset -P '*='
      _files
      ;;
    (program*)
      at=$(( ${answer[1]#program } + 1 ))
      shift $at words
      (( CURRENT -= at ))
      _normal
      ;;
    (words)
      for line in "${(@)answer[2,-1]}"; do
        word=${line%%$tab*}
        # What stands behind the first colon is what _describe shows.
        entries+=("$word${${line#$word}/$tab/:}")
      done
      (( $#entries )) && _describe -V tako entries
      ;;
  esac
}

if [[ $funcstack[1] == _tako ]]; then
  _tako "$@"
else
  compdef _tako tako
fi
