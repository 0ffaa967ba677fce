# SPDX-License-Identifier: Apache-2.0
# Bash completion for pgmoat. Commands and options are asked of pgmoat --help, so that they are listed in one place only.

_pgmoat_commands()
{
	"$1" --help 2>/dev/null | sed -n -E 's/^  ([a-z-]+( [a-z-]+)?) .*/\1/p'
}

_pgmoat()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local typed=() candidates=() command words i

	case $prev in
	--config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
		;;
	--class) candidates=(client replication monitoring private) ;;
	--comment | --for | --scope | --top)
		COMPREPLY=()
		return
		;;
	esac
	if [ ${#candidates[@]} -gt 0 ]; then
		mapfile -t COMPREPLY < <(compgen -W "${candidates[*]}" -- "$cur")
		return
	fi

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--config | --class | --comment | --for | --scope | --top) ((i++)) ;;
		-?*) ;;
		*) typed+=("${COMP_WORDS[i]}") ;;
		esac
	done

	while read -r command; do
		read -r -a words <<<"$command"
		if [ "${typed[*]:0:${#words[@]}}" = "$command" ]; then
			if [[ $cur == -* ]]; then
				candidates=($("${COMP_WORDS[0]}" $command --help 2>/dev/null | sed -n -E 's/^  (--[a-z]+).*/\1/p'))
			elif [ "$command" = "filter set" ]; then
				compopt -o filenames 2>/dev/null
				mapfile -t COMPREPLY < <(compgen -f -- "$cur")
				return
			fi
		elif [ ${#typed[@]} -lt ${#words[@]} ] && [ "${words[*]:0:${#typed[@]}}" = "${typed[*]}" ]; then
			candidates+=("${words[${#typed[@]}]}")
		fi
	done < <(_pgmoat_commands "${COMP_WORDS[0]}")
	[ ${#typed[@]} -eq 0 ] && [[ $cur == -* ]] && candidates=(--help --version --config --json)
	mapfile -t COMPREPLY < <(compgen -W "${candidates[*]}" -- "$cur" | sort -u)
}

complete -F _pgmoat pgmoat
