# Completion of tako in bash. To have it:
#   mkdir -p ~/.local/share/bash-completion/completions
#   tako completions bash > ~/.local/share/bash-completion/completions/tako
# or, without the package bash-completion, in ~/.bashrc: source <(tako completions bash)
#
# It asks "tako __complete" which words fit. What that answers is compared and copied, and never evaluated.

_tako() {
  # bash takes --env=production apart at the "=": put together here, with where each word began.
  local raw=${COMP_WORDS[COMP_CWORD]} cut="" word i last=0
  local -a words=() begin=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((last > 0)) && [[ ${words[last - 1]} == -* && ($word == =* || ${words[last - 1]} == *=) ]]; then
      words[last - 1]+=$word
    else
      words[last]=$word
      begin[last]=$i
      ((last += 1))
    fi
  done
  local current=${words[last - 1]}
  if [[ $raw != "$current" || $raw == =* ]]; then
    cut="${current%%=*}="
    [[ $raw == =* ]] && raw=${raw#=}
  fi

  COMPREPLY=()
  local line said=""
  while IFS= read -r line; do
    if [[ $said == "" ]]; then
      said=$line
    else
      line=${line%%$'\t'*}
      COMPREPLY+=("${line#"$cut"}")
    fi
  done < <(command tako __complete bash "${words[@]}" 2>/dev/null)

  case $said in
    files*) _tako_each -f "$raw" ;;
    program*)
      i=${begin[${said#program }]}
      if declare -F _command_offset >/dev/null; then
        _command_offset "$i"
      elif declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$i"
      elif ((i == COMP_CWORD)); then
        _tako_each -c "$raw"
        [[ $raw == */* ]] && _tako_each -f "$raw"
      else
        _tako_each -f "$raw"
      fi
      ;;
  esac
}

# Files or commands that begin so.
_tako_each() {
  local line
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(compgen "$1" -- "$2")
  [[ $1 == -f ]] && compopt -o filenames 2>/dev/null
}

complete -F _tako tako
